using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Handlers.Asking;

/// <summary>
/// The questions of one handler: each is a request on a guest's control channel under a number, and what came of it is told
/// exactly once.
/// </summary>
/// <remarks>
/// Loop thread only. A guest may hold a request for ever, and then holds one of its eight slots, which its console's input and
/// other clients need too. So a guest is counted by what it has not answered, also after its time is over; all
/// guests together by what is still waited for, so that no guest can use up what the others need.
/// </remarks>
/// <param name="asker">Attached to the switch. It passes on <see cref="OnResponse"/>, <see cref="OnNoAnswer"/> and
/// <see cref="OnChannelClosed"/>.</param>
/// <param name="loop">For the time.</param>
/// <param name="patience">How long a guest may take.</param>
/// <param name="limit">Questions that are waited for.</param>
public sealed class GuestQuestions(
    ISubscriber asker, EventLoop loop, TimeSpan patience, int limit = GuestQuestions.DefaultLimit)
{
    /// <summary>As many as the console socket has connections.</summary>
    public const int DefaultLimit = 1024;

    /// <summary>Questions that one guest's channel can hold.</summary>
    public const int LimitOfGuest = 2;

    // xend took a guest's answer for that to its own request by the id alone, and counts its ids upwards from 0.
    private const byte FirstId = 0xF0;

    private readonly Dictionary<ControlChannel, List<GuestQuestion>> _unanswered = [];
    private uint _lastNumber;

    /// <summary>Questions that are waited for.</summary>
    public int Waiting { get; private set; }

    /// <summary>Questions that the domain's guest has not answered, waited for or not: 0..<see cref="LimitOfGuest"/>.</summary>
    public int UnansweredOf(GuestDomain domain)
        => domain.Channel is { } channel && _unanswered.TryGetValue(channel, out List<GuestQuestion>? questions)
            ? questions.Count
            : 0;

    /// <summary>Asks a guest.</summary>
    /// <param name="domain">Which.</param>
    /// <param name="request">Its id is chosen here.</param>
    /// <param name="told">Gets the result, once: inside this call when the guest cannot be asked, otherwise later.</param>
    /// <returns>The question, or null when it was not asked.</returns>
    public GuestQuestion? Ask(GuestDomain domain, ControlMessage request, Action<QuestionResult> told)
    {
        QuestionEnd obstacle = ObstacleTo(domain);
        if (obstacle == QuestionEnd.Answered)
        {
            ControlChannel channel = domain.Channel!;
            uint number = NextNumber();
            request.Id = (byte)(FirstId | (number & 0x0F));
            if (channel.TrySendRequest(asker, request, number))
            {
                GuestQuestion question = new(this, number, loop, patience, told);
                QuestionsOf(channel).Add(question);
                Waiting++;
                return question;
            }

            obstacle = QuestionEnd.NoRoom;
        }

        told(new QuestionResult(obstacle));
        return null;
    }

    /// <summary>A response on some channel; those to others' requests are passed over.</summary>
    /// <returns>True when it was to a question of these.</returns>
    public bool OnResponse(ControlChannel channel, in ControlMessage response)
        => TryEnd(channel, channel.CorrelationFor(asker), new QuestionResult(QuestionEnd.Answered, response));

    /// <summary>A request under a number will not be answered.</summary>
    public void OnNoAnswer(ControlChannel channel, in SentRequest request)
        => TryEnd(channel, request.Correlation, new QuestionResult(QuestionEnd.AnsweredOtherwise));

    /// <summary>Nothing more comes from this channel.</summary>
    public void OnChannelClosed(ControlChannel channel, string reason)
    {
        if (_unanswered.Remove(channel, out List<GuestQuestion>? questions))
        {
            questions.ForEach(question => question.End(new QuestionResult(QuestionEnd.ChannelClosed, reason: reason)));
        }
    }

    /// <summary>Ends all, before their handler detaches.</summary>
    public void EndAll(string reason)
    {
        foreach (ControlChannel channel in _unanswered.Keys.ToArray())
        {
            OnChannelClosed(channel, reason);
        }
    }

    internal void OnTold() => Waiting--;

    /// <returns><see cref="QuestionEnd.Answered"/> when there is none.</returns>
    private QuestionEnd ObstacleTo(GuestDomain domain)
        => domain.Channel is not { State: ChannelState.Open } ? QuestionEnd.NoChannel
            : UnansweredOf(domain) >= LimitOfGuest ? QuestionEnd.TooManyOfGuest
            : Waiting >= limit ? QuestionEnd.TooMany
            : QuestionEnd.Answered;

    private uint NextNumber()
    {
        // 0 is no number. One that comes again after four billion meets none of the few that a guest may hold so long.
        _lastNumber = _lastNumber == uint.MaxValue ? 1 : _lastNumber + 1;
        return _lastNumber;
    }

    private List<GuestQuestion> QuestionsOf(ControlChannel channel)
    {
        if (!_unanswered.TryGetValue(channel, out List<GuestQuestion>? questions))
        {
            questions = [];
            _unanswered.Add(channel, questions);
        }

        return questions;
    }

    private bool TryEnd(ControlChannel channel, uint number, in QuestionResult result)
    {
        if (!_unanswered.TryGetValue(channel, out List<GuestQuestion>? questions)
            || questions.Find(question => question.Number == number) is not { } question)
        {
            return false;
        }

        _ = questions.Remove(question);
        if (questions.Count == 0)
        {
            _ = _unanswered.Remove(channel);
        }

        question.End(result);
        return true;
    }
}
