using System.Text;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>Makes lines of what is typed at one console: when it began, who typed, and the bytes in quotes.</summary>
/// <remarks>
/// A line ends with the one that is typed, when somebody else types, at <see cref="MostBytes"/>, and <see cref="Longest"/> after its first byte. It has printable ASCII
/// alone, whatever was typed: nothing in it moves a cursor, begins a line, or looks like another character.
/// </remarks>
internal sealed class InputRecorder
{
    /// <summary>Typed bytes in one line.</summary>
    internal const int MostBytes = 256;

    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly InputRecords _records;
    private readonly GuestConsole _console;
    private readonly LoopTimer _timer;
    private readonly byte[] _typed = new byte[MostBytes];
    private InputSource? _source;
    private InputRecordFile? _file;
    private long _began;
    private int _count;

    internal InputRecorder(InputRecords records, GuestConsole console)
    {
        _records = records;
        _console = console;
        _timer = console.Handler.Loop.CreateTimer(EndLine);
    }

    /// <summary>Somebody who may has typed.</summary>
    internal void Note(InputSource source, ReadOnlySpan<byte> typed)
    {
        if (source != _source)
        {
            EndLine();
        }

        while (!typed.IsEmpty)
        {
            if (_count == 0)
            {
                _source = source;
                _began = _records.Logs.WallTime();
                _timer.Schedule(Longest);
            }

            int end = EndOfLine(typed);
            ReadOnlySpan<byte> piece = typed[..Math.Min(end > 0 ? end : typed.Length, MostBytes - _count)];
            piece.CopyTo(_typed.AsSpan(_count));
            _count += piece.Length;
            typed = typed[piece.Length..];
            if (piece.Length == end || _count == MostBytes)
            {
                EndLine();
            }
        }
    }

    /// <summary>What was typed so far is a line.</summary>
    internal void EndLine()
    {
        _timer.Cancel();
        if (_count > 0)
        {
            string line = $"{Stamp(_began)} {_source!.Who} \"{Escaped(_typed.AsSpan(0, _count))}\"\n";
            FileOfNow().Add(Encoding.ASCII.GetBytes(line));
            _count = 0;
        }

        _source = null;
    }

    /// <summary>The console is gone.</summary>
    internal void Finish()
    {
        EndLine();
        _file?.Leave();
        _file = null;
        _records.OnFinished(this);
    }

    internal static string Stamp(long time)
        => DateTime.UnixEpoch.AddMilliseconds(time).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    internal static string Escaped(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (byte one in bytes)
        {
            _ = one switch
            {
                (byte)'\r' => text.Append("\\r"),
                (byte)'\n' => text.Append("\\n"),
                (byte)'\t' => text.Append("\\t"),
                (byte)'"' or (byte)'\\' => text.Append('\\').Append((char)one),
                >= 0x20 and < 0x7f => text.Append((char)one),
                _ => text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\x{one:x2}"),
            };
        }

        return text.ToString();
    }

    /// <summary>Behind the first end of a line; 0 when there is none.</summary>
    private static int EndOfLine(ReadOnlySpan<byte> typed)
    {
        int at = typed.IndexOfAny((byte)'\r', (byte)'\n') + 1;
        return at > 0 && typed[at - 1] == '\r' && at < typed.Length && typed[at] == '\n' ? at + 1 : at;
    }

    /// <summary>The domain may have another name than before.</summary>
    private InputRecordFile FileOfNow()
    {
        string name = LogNames.TypedFile(_records.Logs.BaseFor(_console.Domain), _console.Suffix);
        if (_file?.Name != name)
        {
            _file?.Leave();
            _file = _records.Use(name);
        }

        return _file!;
    }
}
