using System.Buffers;
using System.Diagnostics;

namespace XcsSharp.Consoles;

/// <summary>
/// Takes out of a guest's output what could do more to a terminal than show text: one guest's output for one reader. A
/// sequence may come in any pieces; it is held back until it is whole, and then passes whole or not at all.
/// </summary>
/// <remarks>
/// <para>At <see cref="OutputLevel.Safe"/> pass: printable UTF-8; bell, backspace, tab, line feed, vertical tab, form feed, carriage return and
/// the two shifts of line drawing; the two-byte sequences and control sequences of <see cref="ControlSequences"/>. What does not: strings
/// (OSC, DCS, APC, PM, SOS: titles, clipboard, key redefinition), questions that a terminal answers by typing (device status and attributes, ENQ),
/// modes that make it send what nobody typed (mouse), 8-bit control characters (C1) in whatever encoding, and bytes that are no UTF-8: those
/// are shown as <c>?</c>, because a terminal that is not set to UTF-8 takes some of them for C1.</para>
/// <para>A string ends where it should, at its terminator; at a line feed, or after <see cref="LongestString"/> bytes: a guest that dies in the middle of one
/// must not hide its last words.</para>
/// <para>Allocates nothing after construction. Written from ECMA-48, the VT100 and xterm control sequence documents.</para>
/// </remarks>
public sealed partial class TerminalFilter
{
    /// <summary>More than this of one sequence is held back never; a longer one is dropped.</summary>
    public const int LongestSequence = 64;

    /// <summary>A string that has not ended after so many bytes is taken for one that never will.</summary>
    public const int LongestString = 4096;

    private const byte Escape = 0x1b;
    private const byte Cancel = 0x18;
    private const byte Substitute = 0x1a;
    private const byte Bell = 0x07;
    private const byte LineFeed = 0x0a;

    /// <summary>What passes without a look at it.</summary>
    private static readonly SearchValues<byte> s_plain = SearchValues.Create(
        [(byte)'\t', LineFeed, (byte)'\r', .. Enumerable.Range(0x20, 0x5f).Select(static b => (byte)b)]);

    private readonly byte[] _held = new byte[LongestSequence];
    private readonly OutputLevel _level;
    private int _count;
    private int _stringLength;
    private int _continuations;
    private State _state;

    /// <param name="level">Not <see cref="OutputLevel.Raw"/>, which needs no filter.</param>
    public TerminalFilter(OutputLevel level)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)level, (int)OutputLevel.Raw);
        _level = level;
    }

    /// <summary>The most that <see cref="Filter"/> writes for so many bytes: what was held back may come out with them.</summary>
    public static int MostOutput(int input) => input + LongestSequence;

    /// <summary>Filters the next bytes.</summary>
    /// <param name="input">All of it is taken.</param>
    /// <param name="output">At least <see cref="MostOutput"/> of the input's length.</param>
    /// <returns>How many bytes were written.</returns>
    public int Filter(ReadOnlySpan<byte> input, Span<byte> output)
    {
        Debug.Assert(output.Length >= MostOutput(input.Length), "no room for what may come out");
        int written = 0;
        while (!input.IsEmpty)
        {
            if (_state == State.Text)
            {
                int plain = input.IndexOfAnyExcept(s_plain);
                plain = plain < 0 ? input.Length : plain;
                input[..plain].CopyTo(output[written..]);
                written += plain;
                input = input[plain..];
                if (input.IsEmpty)
                {
                    break;
                }
            }

            written += Take(input[0], output[written..], out bool isTaken);
            input = input[(isTaken ? 1 : 0)..];
        }

        return written;
    }

    /// <summary>True when all of this is text, nothing is held back, and so nothing would change.</summary>
    public bool PassesWhole(ReadOnlySpan<byte> input) => _state == State.Text && !input.ContainsAnyExcept(s_plain);

    /// <summary>Something is missing in the stream: what was held back belongs to nothing that follows.</summary>
    public void Reset()
    {
        _state = State.Text;
        _count = 0;
    }

    /// <param name="value">The next byte.</param>
    /// <param name="output">Room for all that is held, and the byte.</param>
    /// <param name="isTaken">False when it ended something and is to be looked at again.</param>
    private int Take(byte value, Span<byte> output, out bool isTaken)
    {
        isTaken = true;
        switch (_state)
        {
            case State.Text:
                return TakeText(value, output);
            case State.Character:
                return TakeContinuation(value, output, out isTaken);
            case State.String or State.StringEscaped:
                return TakeString(value, out isTaken);
            default:
                return TakeSequence(value, output, out isTaken);
        }
    }

    private int TakeText(byte value, Span<byte> output)
    {
        if (value == Escape)
        {
            Begin(State.Escaped, value);
            return 0;
        }

        if (value >= 0x80)
        {
            _continuations = Utf8Lead.Continuations(value);
            if (_continuations > 0)
            {
                Begin(State.Character, value);
                return 0;
            }

            output[0] = (byte)'?';
            return 1;
        }

        bool passes = _level == OutputLevel.Safe && value is Bell or 0x08 or 0x0b or 0x0c or 0x0e or 0x0f;
        output[0] = value;
        return passes || s_plain.Contains(value) ? 1 : 0;
    }

    private int TakeContinuation(byte value, Span<byte> output, out bool isTaken)
    {
        isTaken = Utf8Lead.CanFollow(_held.AsSpan(0, _count), value);
        if (!isTaken)
        {
            Reset();
            output[0] = (byte)'?';
            return 1;
        }

        Hold(value);
        if (_count <= _continuations)
        {
            return 0;
        }

        // U+0080 to U+009F, control characters in UTF-8's clothes.
        if (_held[0] == 0xc2 && value < 0xa0)
        {
            return TakeC1((byte)(value - 0x40));
        }

        return Release(output);
    }

    /// <summary>A C1 character begins what ESC and a letter begin; at neither level may it, nor what it begins, pass.</summary>
    private int TakeC1(byte letter)
    {
        Begin(State.Escaped, Escape);
        if (letter is (byte)'[')
        {
            _state = State.BadSequence;
        }
        else if (IsStringStart(letter))
        {
            BeginString();
        }
        else
        {
            Reset();
        }

        return 0;
    }

    private int TakeSequence(byte value, Span<byte> output, out bool isTaken)
    {
        isTaken = true;
        if (value < 0x20)
        {
            return TakeControlInSequence(value, output, out isTaken);
        }

        if (value >= 0x7f)
        {
            // DEL is nothing anywhere; a high byte begins a character, and the sequence was none.
            isTaken = value == 0x7f;
            if (!isTaken)
            {
                Reset();
            }

            return 0;
        }

        if (_state == State.Escaped)
        {
            return TakeEscaped(value, output);
        }

        if (_state == State.Sequence && !Hold(value))
        {
            _state = State.BadSequence;
        }

        return value >= 0x40 ? End(output) : 0;
    }

    /// <summary>Terminals obey a control character in the middle of a sequence as if it stood before it, and cancel the sequence at three.</summary>
    private int TakeControlInSequence(byte value, Span<byte> output, out bool isTaken)
    {
        isTaken = value != Escape;
        if (value is Escape or Cancel or Substitute)
        {
            Reset();
            return 0;
        }

        if (value == LineFeed)
        {
            // Nothing spans lines: a sequence that was cut off must not eat the beginning of the next one.
            Reset();
        }

        return TakeText(value, output);
    }

    private int TakeEscaped(byte value, Span<byte> output)
    {
        if (value < 0x30)
        {
            // An intermediate byte. What is too long to be held is too long to be allowed.
            _ = Hold(value);
            return 0;
        }

        if (_count == 1 && value == '[')
        {
            _ = Hold(value);
            _state = State.Sequence;
            return 0;
        }

        if (_count == 1 && IsStringStart(value))
        {
            BeginString();
            return 0;
        }

        _ = Hold(value);
        return End(output);
    }

    /// <summary>The sequence is whole.</summary>
    private int End(Span<byte> output)
    {
        if (_state == State.BadSequence || _level == OutputLevel.Strip)
        {
            Reset();
            return 0;
        }

        _count = ControlSequences.Allow(_held.AsSpan(0, _count));
        return Release(output);
    }

    private int TakeString(byte value, out bool isTaken)
    {
        isTaken = true;
        if (_state == State.StringEscaped && value != '\\')
        {
            // ESC ends a string also when it begins something else.
            isTaken = false;
            Begin(State.Escaped, Escape);
        }
        else if (value == Escape)
        {
            // Not counted: whatever follows, the string ends with it.
            _state = State.StringEscaped;
        }
        else if (value == LineFeed)
        {
            isTaken = false;
            Reset();
        }
        else if (value is Bell or Cancel or Substitute || _state == State.StringEscaped || ++_stringLength > LongestString)
        {
            Reset();
        }

        return 0;
    }

    private static bool IsStringStart(byte letter) => letter is (byte)']' or (byte)'P' or (byte)'_' or (byte)'^' or (byte)'X';

    private void BeginString()
    {
        _state = State.String;
        _stringLength = 0;
        _count = 0;
    }

    private void Begin(State state, byte first)
    {
        _state = state;
        _held[0] = first;
        _count = 1;
    }

    private bool Hold(byte value)
    {
        if (_count == _held.Length)
        {
            return false;
        }

        _held[_count++] = value;
        return true;
    }

    private int Release(Span<byte> output)
    {
        _held.AsSpan(0, _count).CopyTo(output);
        int count = _count;
        Reset();
        return count;
    }
}
