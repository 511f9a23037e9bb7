namespace XcsSharp.Protocol.Payloads;

/// <summary>The words in which the tables of payloads are written.</summary>
internal static class Notation
{
    /// <summary>A struct that never changed, in no ABI but by its rule.</summary>
    public static PayloadForm Always(string structName, string since, params PayloadField[] elements)
        => new(structName, since, packed: true, natural: true, elements);

    /// <summary>A version that was gone when packing was.</summary>
    public static PayloadForm WhilePacked(string structName, string since, params PayloadField[] elements)
        => new(structName, since, packed: true, natural: false, elements);

    /// <summary>A version that was never packed.</summary>
    public static PayloadForm Unpacked(string structName, string since, params PayloadField[] elements)
        => new(structName, since, packed: false, natural: true, elements);

    /// <summary>Padding that packed structs wrote out.</summary>
    public static PayloadField Gap(int size) => new("", FieldKind.Gap, gap: size);

    public static PayloadField Character(string name) => new(name, FieldKind.Character);

    public static PayloadField U16(string name) => new(name, FieldKind.U16);

    public static PayloadField U32(string name, string?[]? constants = null) => new(name, FieldKind.U32, constants);

    public static PayloadField S32(string name) => new(name, FieldKind.S32);

    public static PayloadField U64(string name) => new(name, FieldKind.U64);

    public static PayloadField Word(string name) => new(name, FieldKind.Word);

    public static PayloadField PaddedWord(string name) => new(name, FieldKind.PaddedWord);

    public static PayloadField Mac(string name) => new(name, FieldKind.Mac);

    public static PayloadField Path(string name) => new(name, FieldKind.Path);

    public static PayloadField Text(string name) => new(name, FieldKind.Text);
}
