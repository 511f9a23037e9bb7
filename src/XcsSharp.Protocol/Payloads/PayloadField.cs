namespace XcsSharp.Protocol.Payloads;

/// <summary>The C type of a payload's field.</summary>
public enum FieldKind : byte
{
    /// <summary>Padding that the packed structs wrote out. No field: it has no name and no value.</summary>
    Gap,

    /// <summary>One character (the key of a sysrq).</summary>
    Character,
    U16,
    U32,

    /// <summary>int. Its <see cref="FieldValue.Number"/> holds the 32 bits, see <see cref="FieldValue.Signed"/>.</summary>
    S32,
    U64,

    /// <summary>unsigned long: 4 or 8 bytes (memory_t until 2005-08-19).</summary>
    Word,

    /// <summary>An unsigned long that packed structs padded to 8 bytes (MEMORY_PADDING).</summary>
    PaddedWord,

    /// <summary>The 6 bytes of an Ethernet address.</summary>
    Mac,

    /// <summary>A fixed array of 16 characters that ends at its first NUL, or at its end (USB_PATH_LEN).</summary>
    Path,

    /// <summary>All bytes of the message: the console's text.</summary>
    Text,
}

/// <summary>One field of a payload.</summary>
public sealed class PayloadField
{
    internal PayloadField(string name, FieldKind kind, IReadOnlyList<string?>? constants = null, int gap = 0)
    {
        Name = name;
        Kind = kind;
        Constants = constants;
        GapSize = gap;
    }

    /// <summary>As the public header spells it.</summary>
    public string Name { get; }

    public FieldKind Kind { get; }

    /// <summary>Names of the field's values, by value, without the prefix that the header gives them all; null if the
    /// header names none.</summary>
    public IReadOnlyList<string?>? Constants { get; }

    /// <summary>The value is in <see cref="FieldValue.Bytes"/>, not in <see cref="FieldValue.Number"/>.</summary>
    public bool HoldsBytes => Kind is FieldKind.Mac or FieldKind.Path or FieldKind.Text;

    internal int GapSize { get; }

    /// <summary>The header's name for a value, or null.</summary>
    public string? ConstantName(ulong value)
        => Constants is not null && value < (ulong)Constants.Count ? Constants[(int)value] : null;

    /// <summary>A value to be encoded.</summary>
    /// <exception cref="ArgumentException">The field holds bytes.</exception>
    public FieldValue Of(ulong number)
        => HoldsBytes
            ? throw new ArgumentException($"{Name} holds bytes, not a number", nameof(number))
            : new FieldValue(this, number, default);

    /// <summary>A value to be encoded. Too few bytes are filled up with zeros.</summary>
    /// <exception cref="ArgumentException">The field holds a number.</exception>
    public FieldValue Of(ReadOnlyMemory<byte> bytes)
        => HoldsBytes
            ? new FieldValue(this, 0, bytes)
            : throw new ArgumentException($"{Name} holds a number, not bytes", nameof(bytes));

    /// <summary>Bytes of the value itself; 0 for <see cref="FieldKind.Text"/>, whose size is the message's.</summary>
    internal int SizeIn(PayloadAbi abi) => Kind switch
    {
        FieldKind.Gap => abi.IsPacked() ? GapSize : 0,
        FieldKind.Character => 1,
        FieldKind.U16 => 2,
        FieldKind.U32 or FieldKind.S32 => 4,
        FieldKind.U64 => 8,
        FieldKind.Word or FieldKind.PaddedWord => abi.WordSize(),
        FieldKind.Mac => 6,
        FieldKind.Path => 16,
        _ => 0,
    };

    internal int AlignmentIn(PayloadAbi abi)
        => abi.IsPacked() || HoldsBytes || Kind == FieldKind.Gap ? 1 : Math.Min(SizeIn(abi), abi.WordSize());
}
