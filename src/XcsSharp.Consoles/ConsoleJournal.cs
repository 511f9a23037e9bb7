using System.Buffers;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// The journal's reader of one console: each line is an entry. What moves a cursor or has a colour is left out, a line that is empty then is none. A
/// line without an end waits for it: a prompt comes with what is typed behind it.
/// </summary>
/// <remarks>
/// A line that the journal does not take is sent again; meanwhile what comes stays in the backlog, and what that overwrites is a gap, marked by an entry
/// of its own. No more than <see cref="LinesAtOnce"/> in <see cref="s_pause"/>, so that a guest that prints nothing but line feeds cannot
/// make the loop send all day.
/// </remarks>
internal sealed class ConsoleJournal : IDisposable
{
    private const int LinesAtOnce = 64;

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(5);

    /// <summary>Looked at again soon, then later: a thousand consoles may wait for a journal that hangs.</summary>
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMilliseconds(320);

    private static readonly TimeSpan s_absent = TimeSpan.FromSeconds(1);

    /// <summary>What ends a line: guests overwrite lines with a carriage return alone, and each state of one is a line here.</summary>
    private static readonly SearchValues<byte> s_ends = SearchValues.Create("\n\r\v\f"u8);

    private readonly GuestJournal _journal;
    private readonly GuestConsole _console;
    private ConsoleReader _reader;
    private readonly LoopTimer _again;
    private byte[] _fields;
    private TimeSpan _wait = s_pause;
    private byte[]? _line;
    private int _length;
    private bool _isWhole;
    private bool _isFinishing;

    internal ConsoleJournal(GuestJournal journal, GuestConsole console)
    {
        _journal = journal;
        _console = console;
        _reader = new ConsoleReader(console.Backlog, 0, OutputLevel.Strip);
        _again = journal.Loop.CreateTimer(Pump);
        _fields = GuestJournal.FieldsOf(console);
    }

    /// <summary>Bytes of output that the journal will never have.</summary>
    internal ulong Lost => _reader.Lost;

    /// <summary>True when all is sent, or given up.</summary>
    internal bool IsClosed { get; private set; }

    internal void OnRenamed() => _fields = GuestJournal.FieldsOf(_console);

    /// <summary>Output has come.</summary>
    internal void Pump()
    {
        if (!_again.IsScheduled && !IsClosed)
        {
            Send(LinesAtOnce);
        }
    }

    /// <summary>Nothing more will come: a line without an end is one now.</summary>
    internal void Finish()
    {
        _isFinishing = true;
        Pump();
    }

    /// <summary>Ends here; another daemon goes on, also in the middle of a line.</summary>
    internal JournalState Leave()
    {
        Pump();
        JournalState state = new(_reader.Describe(), _line.AsSpan(0, _length).ToArray(), _isWhole);
        Close();
        return state;
    }

    /// <summary>Position that it has come to; of a line that is not sent yet, behind what there is of it.</summary>
    internal long Position => _reader.Position;

    internal void Restore(JournalState state)
    {
        _reader = ConsoleReader.Restore(_console.Backlog, state.Reader, OutputLevel.Strip);
        _ = Keep(state.Line);
        _isWhole = state.IsWhole && _length > 0;
    }

    /// <summary>Sends what the journal takes at once.</summary>
    public void Dispose()
    {
        _isFinishing = true;
        if (!IsClosed)
        {
            Send(int.MaxValue);
            Close();
        }
    }

    private void Send(int most)
    {
        while (TakeLine())
        {
            if (most-- == 0)
            {
                _again.Schedule(s_pause);
                return;
            }

            if (!_journal.TrySend(_fields, _line.AsSpan(0, _length), out bool isFull))
            {
                _again.Schedule(isFull ? _wait : s_absent);
                _wait = _wait * 2 < s_longestWait ? _wait * 2 : s_longestWait;
                return;
            }

            _wait = s_pause;
            Forget();
        }

        if (_isFinishing)
        {
            Close();
            _console.PumpSoon();
        }
    }

    /// <returns>True when there is a line to send.</returns>
    private bool TakeLine()
    {
        while (!_isWhole && _reader.Peek() is { IsEmpty: false } next)
        {
            int end = next.IndexOfAny(s_ends);
            ReadOnlySpan<byte> text = end < 0 ? next : next[..end];
            int taken = Keep(text);
            _isWhole = _length == GuestJournal.MaxLine || (taken == text.Length && end >= 0 && _length > 0);
            _reader.Advance(taken + (taken == text.Length && end >= 0 ? 1 : 0));
        }

        return _isWhole || (_isFinishing && _length > 0);
    }

    /// <summary>Adds text to the line, but for control characters.</summary>
    /// <returns>How much of it has found room.</returns>
    private int Keep(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return 0;
        }

        _line ??= ArrayPool<byte>.Shared.Rent(GuestJournal.MaxLine);
        int taken = 0;
        while (taken < text.Length && _length < GuestJournal.MaxLine)
        {
            byte next = text[taken++];
            if (next is >= 0x20 and not 0x7f or (byte)'\t')
            {
                _line[_length++] = next;
            }
        }

        return taken;
    }

    private void Forget()
    {
        if (_line is not null)
        {
            ArrayPool<byte>.Shared.Return(_line);
            _line = null;
        }

        _length = 0;
        _isWhole = false;
    }

    private void Close()
    {
        IsClosed = true;
        _again.Cancel();
        _reader.Dispose();
        Forget();
    }
}
