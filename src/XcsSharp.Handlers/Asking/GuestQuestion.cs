using XcsSharp.Reactor;

namespace XcsSharp.Handlers.Asking;

/// <summary>A question that a guest has and has not answered. It holds one of the guest's slots until it does.</summary>
public sealed class GuestQuestion
{
    private readonly GuestQuestions _all;
    private readonly LoopTimer _timer;
    private Action<QuestionResult>? _told;

    internal GuestQuestion(GuestQuestions all, uint number, EventLoop loop, TimeSpan patience, Action<QuestionResult> told)
    {
        _all = all;
        _told = told;
        Number = number;
        _timer = loop.CreateTimer(() => End(new QuestionResult(QuestionEnd.Ignored)));
        _timer.Schedule(patience);
    }

    internal uint Number { get; }

    /// <summary>Nobody wants the answer any more: nothing is told. The guest still has the question.</summary>
    public void GiveUp()
    {
        _timer.Cancel();
        if (_told is not null)
        {
            _told = null;
            _all.OnTold();
        }
    }

    /// <summary>Tells it, unless that is done.</summary>
    internal void End(in QuestionResult result)
    {
        Action<QuestionResult>? told = _told;
        GiveUp();
        told?.Invoke(result);
    }
}
