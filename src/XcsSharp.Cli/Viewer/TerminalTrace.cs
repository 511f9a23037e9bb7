using System.Globalization;
using System.Text;

namespace XcsSharp.Cli;

/// <summary>
/// Follows what a guest does to the operator's terminal, so that it can be undone, and cuts the daemon's notices out of the stream.
/// </summary>
/// <remarks>
/// It knows modes, the scrolling region and the keypad, and no more: what is on the screen is the terminal's. Sequences may come in any
/// pieces; bytes that belong to one that has not ended are held back, at most <see cref="LongestSequence"/> of them.
/// </remarks>
internal sealed class TerminalTrace
{
    /// <summary>A longer one is passed on as it is, and not understood.</summary>
    internal const int LongestSequence = 2048;

    /// <summary>Modes remembered of a guest that sets them all.</summary>
    private const int MostModes = 64;

    private const byte Escape = 0x1b;

    private static readonly byte[] s_noticeStart = Encoding.ASCII.GetBytes(Protocol.Operator.OperatorProtocol.NoticeStart);
    private static readonly byte[] s_noticeEnd = Encoding.ASCII.GetBytes(Protocol.Operator.OperatorProtocol.NoticeEnd);

    /// <summary>On when a terminal starts; of all others it is off.</summary>
    private static readonly int[] s_normallyOn = [7, 25];

    private readonly SortedSet<int> _changedModes = [];
    private readonly List<byte> _held = [];
    private bool _hasRegion;
    private bool _hasKeypad;
    private bool _hasInsert;

    /// <summary>True while a full-screen program has the terminal's second screen.</summary>
    public bool IsOnAlternateScreen => _changedModes.Contains(47) || _changedModes.Contains(1047) || _changedModes.Contains(1049);

    /// <summary>Passes on what is for the terminal.</summary>
    /// <param name="input">The next bytes from the daemon.</param>
    /// <param name="output">Gets what is for the terminal, in pieces.</param>
    /// <param name="notice">Gets each notice: its kind and its text.</param>
    public void Pass(ReadOnlySpan<byte> input, Action<ReadOnlySpan<byte>> output, Action<string, string> notice)
    {
        while (!input.IsEmpty)
        {
            if (_held.Count == 0)
            {
                int plain = input.IndexOf(Escape);
                plain = plain < 0 ? input.Length : plain;
                if (plain > 0)
                {
                    output(input[..plain]);
                }

                input = input[plain..];
                if (input.IsEmpty)
                {
                    return;
                }
            }

            _held.Add(input[0]);
            input = input[1..];
            if (IsComplete(out bool isNotice) || _held.Count == LongestSequence)
            {
                byte[] sequence = [.. _held];
                _held.Clear();
                if (isNotice)
                {
                    Tell(sequence, notice);
                }
                else
                {
                    Note(sequence);
                    output(sequence);
                }
            }
        }
    }

    /// <summary>What brings the terminal back to what it was before the guest: colours, screen, cursor, keys, region.</summary>
    public byte[] Undo()
    {
        StringBuilder text = new();
        bool wasAlternate = IsOnAlternateScreen;
        foreach (int mode in _changedModes)
        {
            text.Append(CultureInfo.InvariantCulture, $"\x1b[?{mode}{(s_normallyOn.Contains(mode) ? 'h' : 'l')}");
        }

        if (_hasRegion)
        {
            // Setting the region moves the cursor home; on the screen of before it is put where a shell's prompt would come.
            text.Append("\x1b[r").Append(wasAlternate ? "" : "\x1b[999;1H");
        }

        text.Append(_hasKeypad ? "\x1b>" : "").Append(_hasInsert ? "\x1b[4l" : "");

        // Colours, and the character set of line drawing.
        text.Append("\x1b[m\x1b(B\x0f");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private bool IsComplete(out bool isNotice)
    {
        isNotice = false;
        byte last = _held[^1];
        if (_held.Count == 1)
        {
            return false;
        }

        if (_held[1] == '[')
        {
            return _held.Count > 2 && last is >= 0x40 or < 0x20;
        }

        if (_held[1] == '_')
        {
            // An APC: ours to its terminator, any other is passed on at once.
            int seen = Math.Min(_held.Count, s_noticeStart.Length);
            if (!_held.Take(seen).SequenceEqual(s_noticeStart.Take(seen)))
            {
                return true;
            }

            isNotice = _held.Count >= s_noticeStart.Length + s_noticeEnd.Length && _held.TakeLast(s_noticeEnd.Length).SequenceEqual(s_noticeEnd);
            return isNotice;
        }

        // ESC, intermediate bytes, one that ends it.
        return last is < 0x20 or > 0x2f;
    }

    private static void Tell(byte[] frame, Action<string, string> notice)
    {
        string[] parts = Encoding.UTF8.GetString(frame[s_noticeStart.Length..^s_noticeEnd.Length]).Split(';', 2);
        if (parts.Length == 2)
        {
            notice(parts[0], TextTable.Printable(parts[1]));
        }
    }

    private void Note(byte[] sequence)
    {
        if (sequence.Length == 2)
        {
            switch (sequence[1])
            {
                case (byte)'=':
                    _hasKeypad = true;
                    break;
                case (byte)'>':
                    _hasKeypad = false;
                    break;
                case (byte)'c':
                    Forget();
                    break;
                default:
                    break;
            }

            return;
        }

        if (sequence[1] != '[')
        {
            return;
        }

        ReadOnlySpan<byte> body = sequence.AsSpan()[2..^1];
        switch (sequence[^1])
        {
            case (byte)'h' or (byte)'l' when !body.IsEmpty && body[0] == '?':
                NoteModes(Encoding.ASCII.GetString(body[1..]), sequence[^1] == 'h');
                break;
            case (byte)'h' or (byte)'l' when body is [(byte)'4']:
                _hasInsert = sequence[^1] == 'h';
                break;
            case (byte)'r' when body.IsEmpty || body[0] is >= (byte)'0' and <= (byte)';':
                _hasRegion = !body.IsEmpty;
                break;
            case (byte)'p' when body is [(byte)'!']:
                bool wasAlternate = IsOnAlternateScreen;
                Forget();
                if (wasAlternate)
                {
                    // A soft reset leaves the screen.
                    _ = _changedModes.Add(1049);
                }

                break;
            default:
                break;
        }
    }

    private void NoteModes(string modes, bool on)
    {
        foreach (string word in modes.Split(';'))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int mode))
            {
                continue;
            }

            if (on == s_normallyOn.Contains(mode))
            {
                _ = _changedModes.Remove(mode);
            }
            else if (_changedModes.Count < MostModes)
            {
                _ = _changedModes.Add(mode);
            }
        }
    }

    private void Forget()
    {
        _changedModes.Clear();
        _hasRegion = _hasKeypad = _hasInsert = false;
    }
}
