using System.Diagnostics.CodeAnalysis;

namespace XcsSharp.Cli;

/// <summary>
/// The key that leaves a console, or on a terminal opens the menu that does: a control character, or none. It counts wherever it stands in the input.
/// (xenconsole sees it only when it comes alone in one read, so a paste or a fast line swallows it.)
/// </summary>
internal readonly record struct EscapeKey
{
    private readonly byte? _code;

    private EscapeKey(byte? code)
    {
        _code = code;
    }

    /// <summary>Control and ], as telnet and xenconsole have it.</summary>
    public static EscapeKey Default { get; } = new(0x1d);

    public static EscapeKey None { get; } = new(null);

    /// <summary>False: every byte goes to the guest.</summary>
    public bool IsKey => _code is not null;

    /// <summary>The character; only where <see cref="IsKey"/>.</summary>
    public byte Code => _code!.Value;

    public bool Is(byte key) => key == _code;

    /// <summary>Reads <c>none</c>, or a caret and a character: <c>^]</c>, <c>^a</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out EscapeKey? key)
    {
        if (text.Equals("none", StringComparison.OrdinalIgnoreCase))
        {
            key = None;
            return true;
        }

        if (text.Length == 2 && text[0] == '^')
        {
            char upper = char.ToUpperInvariant(text[1]);
            if (upper is >= '@' and <= '_')
            {
                key = new EscapeKey((byte)(upper - '@'));
                return true;
            }
        }

        key = null;
        return false;
    }

    /// <summary>How many bytes of the input come before the key; -1 when it is not there.</summary>
    public int FindIn(ReadOnlySpan<byte> input) => _code is byte code ? input.IndexOf(code) : -1;

    public override string ToString() => _code is byte code ? $"^{(char)(code + '@')}" : "none";
}
