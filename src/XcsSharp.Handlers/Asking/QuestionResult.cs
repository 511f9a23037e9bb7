using XcsSharp.Protocol;

namespace XcsSharp.Handlers.Asking;

/// <summary>How a question to a guest ended.</summary>
public enum QuestionEnd
{
    /// <summary>The guest has answered.</summary>
    Answered,

    /// <summary>Not asked: the domain has no open control channel.</summary>
    NoChannel,

    /// <summary>Not asked: the guest holds so many questions of this handler that it gets no other.</summary>
    TooManyOfGuest,

    /// <summary>Not asked: so many questions of this handler wait for all guests together.</summary>
    TooMany,

    /// <summary>Not asked: the guest does not read its ring, and the queue before it is full.</summary>
    NoRoom,

    /// <summary>The guest had its time. It may still do what it was asked.</summary>
    Ignored,

    /// <summary>The guest gave the slot back with something that answers no question.</summary>
    AnsweredOtherwise,

    /// <summary>The channel was closed or put aside first; the reason is known.</summary>
    ChannelClosed,
}

/// <summary>What came of a question.</summary>
/// <param name="end">How it ended.</param>
/// <param name="answer">Of <see cref="QuestionEnd.Answered"/>: the guest's, of the question's type and subtype; its length is 0..60.</param>
/// <param name="reason">Of <see cref="QuestionEnd.ChannelClosed"/>: why.</param>
public readonly struct QuestionResult(QuestionEnd end, ControlMessage answer = default, string reason = "")
{
    private readonly ControlMessage _answer = answer;

    public QuestionEnd End { get; } = end;

    public ControlMessage Answer => _answer;

    public string Reason { get; } = reason;
}
