using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>What a viewer may do with the console's input, as it asked for it.</summary>
public enum ViewerMode
{
    /// <summary>It writes whenever it has the writer's seat.</summary>
    ReadWrite,

    /// <summary>It never writes.</summary>
    ReadOnly,

    /// <summary>As <see cref="ReadWrite"/>, and takes the seat at once from whoever has it.</summary>
    Take,

    /// <summary>As <see cref="Take"/>, and nobody else types while it is attached.</summary>
    Exclusive,
}

/// <summary>How a viewer hears of the writer's seat.</summary>
public enum NoticeForm
{
    /// <summary>Not at all: its stream has the console's bytes and nothing else.</summary>
    None,

    /// <summary>In lines of text between the console's bytes.</summary>
    Lines,

    /// <summary>In frames that a terminal would ignore and a program can cut out (<see cref="OperatorProtocol.NoticeStart"/>).</summary>
    Framed,
}

/// <summary>What the last words of an <c>ATTACH</c> line say of the viewer.</summary>
/// <param name="Mode">What it may do.</param>
/// <param name="Notices">What it is told.</param>
/// <param name="IsAsked">True when there was any such word: the reply then says which viewer it is.</param>
/// <param name="Problem">What is wrong with a word, with the remedy; null when nothing is.</param>
public readonly record struct ViewerWish(ViewerMode Mode, NoticeForm Notices, bool IsAsked, string? Problem)
{
    /// <summary>Null when the word is none of these.</summary>
    internal ViewerWish? With(string word)
    {
        ViewerWish more = this with { IsAsked = true };
        switch (word)
        {
            case OperatorProtocol.ModeWord + OperatorProtocol.ReadWrite:
                return more with { Mode = ViewerMode.ReadWrite };
            case OperatorProtocol.ModeWord + OperatorProtocol.ReadOnly:
                return more with { Mode = ViewerMode.ReadOnly };
            case OperatorProtocol.ModeWord + OperatorProtocol.TakeOver:
                return more with { Mode = ViewerMode.Take };
            case OperatorProtocol.ModeWord + OperatorProtocol.Exclusive:
                return more with { Mode = ViewerMode.Exclusive };
            case OperatorProtocol.Notices:
                return more with { Notices = NoticeForm.Lines };
            case OperatorProtocol.FramedNotices:
                return more with { Notices = NoticeForm.Framed };
            default:
                bool isOurs = word.StartsWith(OperatorProtocol.ModeWord, StringComparison.Ordinal)
                    || word.StartsWith(OperatorProtocol.Notices + "=", StringComparison.Ordinal);
                return isOurs
                    ? more with { Problem = $"'{word}': give mode=rw, mode=ro, mode=take or mode=exclusive, and notices or notices=framed" }
                    : null;
        }
    }
}
