using System.Globalization;
using System.Text;

namespace XcsSharp.Protocol.Payloads;

/// <summary>A field with what a message says in it.</summary>
/// <param name="Field">Which field.</param>
/// <param name="Number">The value of a number, without its sign; 0 of a field that holds bytes.</param>
/// <param name="Bytes">The value of a field that holds bytes, with its trailing zeros.</param>
public readonly record struct FieldValue(PayloadField Field, ulong Number, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The value of an <see cref="FieldKind.S32"/>.</summary>
    public int Signed => unchecked((int)Number);

    /// <summary>The header's name for the value, or null.</summary>
    public string? ConstantName => Field.ConstantName(Number);

    /// <summary>A <see cref="FieldKind.Path"/> up to its NUL, a <see cref="FieldKind.Text"/> whole.</summary>
    public ReadOnlySpan<byte> TextBytes
    {
        get
        {
            ReadOnlySpan<byte> bytes = Bytes.Span;
            int end = Field.Kind == FieldKind.Path ? bytes.IndexOf((byte)0) : -1;
            return end < 0 ? bytes : bytes[..end];
        }
    }

    /// <summary>The value as a person reads it: <c>CONNECTED(2)</c>, <c>0x1f00</c>, <c>aa:00:00:11:22:33</c>, <c>"text"</c>.</summary>
    public override string ToString() => AppendTo(new StringBuilder()).ToString();

    /// <summary>Appends what <see cref="ToString"/> gives.</summary>
    public StringBuilder AppendTo(StringBuilder text)
    {
        IFormatProvider invariant = CultureInfo.InvariantCulture;
        switch (Field.Kind)
        {
            case FieldKind.S32:
                return text.Append(invariant, $"{Signed}");
            case FieldKind.Word or FieldKind.PaddedWord:
                return text.Append(invariant, $"0x{Number:x}");
            case FieldKind.Mac:
                return text.AppendJoin(':', Bytes.ToArray().Select(b => b.ToString("x2", invariant)));
            case FieldKind.Character:
                ReadOnlySpan<byte> key = [unchecked((byte)Number)];
                return ReadableText.AppendQuoted(text, key, quote: '\'');
            case FieldKind.Path or FieldKind.Text:
                return ReadableText.AppendQuoted(text, TextBytes, quote: '"');
            default:
                return ConstantName is string name
                    ? text.Append(invariant, $"{name}({Number})")
                    : text.Append(invariant, $"{Number}");
        }
    }
}
