namespace XcsSharp.Consoles;

/// <content>In the middle of what it is: for another filter, in this daemon or the next, that goes on there.</content>
public sealed partial class TerminalFilter
{
    private enum State
    {
        Text,

        /// <summary>Inside a UTF-8 character, which is held.</summary>
        Character,

        /// <summary>After ESC, or after ESC and intermediate bytes.</summary>
        Escaped,

        /// <summary>After ESC [.</summary>
        Sequence,

        /// <summary>As before, and the end will be dropped: it is too long or malformed.</summary>
        BadSequence,

        /// <summary>In an OSC, DCS, APC, PM or SOS.</summary>
        String,

        /// <summary>There, after an ESC.</summary>
        StringEscaped,
    }

    /// <summary>Becomes what the other one is: what it holds back, and in the middle of what it is.</summary>
    public void CopyFrom(TerminalFilter other)
    {
        other._held.CopyTo(_held, 0);
        _count = other._count;
        _stringLength = other._stringLength;
        _continuations = other._continuations;
        _state = other._state;
    }

    /// <summary>Whether a filter can be so.</summary>
    internal static bool IsState(FilterState state)
        => (State)state.State switch
        {
            State.Text => state.Held.Length == 0,
            State.Character => state.Held.Length >= 1
                && state.Held.Length <= state.Continuations
                && Utf8Lead.Continuations(state.Held[0]) == state.Continuations,
            State.Escaped or State.BadSequence => state.Held is [Escape, ..] && state.Held.Length <= LongestSequence,
            State.Sequence => state.Held is [Escape, (byte)'[', ..] && state.Held.Length <= LongestSequence,
            State.String or State.StringEscaped => state.Held.Length == 0 && state.StringLength is >= 0 and <= LongestString,
            _ => false,
        };

    /// <summary>Bytes of the input that are held back: nobody has said yet whether they pass.</summary>
    internal int Held => _count;

    /// <summary>In the middle of what it is; null: of nothing.</summary>
    internal FilterState? Describe()
        => _state == State.Text ? null : new FilterState((int)_state, _held[.._count], _stringLength, _continuations);

    /// <summary>Goes on where another was, which was checked.</summary>
    internal void Restore(FilterState? state)
    {
        _state = (State)(state?.State ?? 0);
        _count = state?.Held.Length ?? 0;
        state?.Held.CopyTo(_held, 0);
        _stringLength = state?.StringLength ?? 0;
        _continuations = state?.Continuations ?? 0;
    }
}
