using System.Text;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>
/// The operator's terminal: the guest's output, and between it lines of our own, each of which costs the guest's picture one line.
/// </summary>
/// <remarks>
/// Two threads write here, that of the output and that of the keyboard; one lock keeps their bytes apart. While a menu is open the guest's output waits: in
/// this process one read of it, and then in the daemon, which holds up nobody for it.
/// </remarks>
internal sealed class OperatorScreen(StandardStreams streams, EscapeKey escape)
{
    /// <summary>What fits on one line of the smallest terminal that anybody uses; one more would scroll a picture.</summary>
    private const int Width = 79;

    /// <summary>Output that is stuck, because its reader has stopped, has the lock for ever; a slow terminal's for a while.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TerminalTrace _trace = new();

    /// <summary>Output of the guest, on the thread that reads it.</summary>
    public void Print(ReadOnlySpan<byte> output)
    {
        lock (_lock)
        {
            _trace.Pass(output, streams.RawOutput.Write, Tell);
        }
    }

    /// <summary>Has the terminal for a menu, until <see cref="Close"/> on the same thread. While output is stuck the menu's keys work, and nothing is shown.</summary>
    public void Open() => _ = _lock.TryEnter(s_patience);

    public void Close()
    {
        if (!_lock.IsHeldByCurrentThread)
        {
            return;
        }

        if (_trace.IsOnAlternateScreen)
        {
            Write("\u001b7\x1b[999;1H\x1b[m\x1b[2K\u001b8");
        }

        _lock.Exit();
    }

    /// <summary>Where several lines would destroy a picture.</summary>
    public bool HasRoomForOneLine => _trace.IsOnAlternateScreen;

    /// <summary>Shows a line of ours, for whoever has the terminal. In a full-screen program it is the lowest, and the cursor goes back to where it was.</summary>
    public void Show(string line)
    {
        if (_lock.IsHeldByCurrentThread)
        {
            line = TextTable.Printable(line);
            Write(_trace.IsOnAlternateScreen
                ? $"\u001b7\x1b[999;1H\x1b[m\x1b[2K{line[..Math.Min(line.Length, Width)]}\u001b8"
                : $"\r\n{line}\r\n");
        }
    }

    /// <summary>Undoes what the guest has done to the terminal.</summary>
    public void Restore()
    {
        // Not waited for long: a signal may end us while the menu is open.
        bool isOurs = _lock.TryEnter(TimeSpan.FromMilliseconds(200));
        try
        {
            byte[] undo = _trace.Undo();
            StandardStreams.WriteBriefly(() => streams.RawOutput.Write(undo));
        }
        finally
        {
            if (isOurs)
            {
                _lock.Exit();
            }
        }
    }

    private void Tell(string kind, string text) => Show(kind switch
    {
        NoticeKind.Refused => $"[{text}; {escape} t takes over]",
        NoticeKind.Waiting => $"[{text}; {escape} . leaves]",
        _ => $"[{text}]",
    });

    private void Write(string text) => streams.RawOutput.Write(Encoding.UTF8.GetBytes(text));
}
