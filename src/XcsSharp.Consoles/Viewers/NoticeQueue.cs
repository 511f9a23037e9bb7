using System.Text;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>
/// Notices on their way into one viewer's stream: at most <see cref="Limit"/>, the oldest goes first where there are more.
/// </summary>
internal sealed class NoticeQueue(NoticeForm form)
{
    /// <summary>Notices kept for a viewer that reads nothing.</summary>
    internal const int Limit = 8;

    private readonly Queue<byte[]> _waiting = new();

    internal int Count => _waiting.Count;

    /// <summary>Adds one, unless the viewer wants none.</summary>
    /// <param name="kind">One of <see cref="NoticeKind"/>.</param>
    /// <param name="text">One line.</param>
    internal void Add(string kind, string text)
    {
        if (form == NoticeForm.None)
        {
            return;
        }

        if (_waiting.Count == Limit)
        {
            _ = _waiting.Dequeue();
        }

        _waiting.Enqueue(Frame(form, kind, text));
    }

    /// <summary>A notice as it stands in the stream.</summary>
    /// <param name="form">Not <see cref="NoticeForm.None"/>.</param>
    /// <inheritdoc cref="Add"/>
    internal static byte[] Frame(NoticeForm form, string kind, string text)
    {
        text = OperatorConnection.Printable(text);
        return Encoding.UTF8.GetBytes(form == NoticeForm.Lines
            ? $"\r\n[{text}]\r\n"
            : $"{OperatorProtocol.NoticeStart}{kind};{text}{OperatorProtocol.NoticeEnd}");
    }

    /// <summary>The next one, as it stands in the stream. There must be one.</summary>
    internal ReadOnlySpan<byte> Peek() => _waiting.Peek();

    internal void Take() => _ = _waiting.Dequeue();
}
