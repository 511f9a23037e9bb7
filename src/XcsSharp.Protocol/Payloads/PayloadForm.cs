using System.Buffers.Binary;

namespace XcsSharp.Protocol.Payloads;

/// <summary>Where a field lies in the payload, in bytes.</summary>
public readonly record struct FieldPlace(int Offset, int Size);

/// <summary>
/// One version of a payload struct: the fields as a version of the public header had them. Where they lie follows from
/// the <see cref="PayloadAbi"/> by the compiler's rule, so a form serves several of them.
/// </summary>
public sealed class PayloadForm
{
    private readonly bool _packed;
    private readonly bool _natural;
    private readonly PayloadField[] _fields;
    private readonly FieldPlace[][] _places = new FieldPlace[PayloadAbis.Names.Count][];
    private readonly int[] _sizes = new int[PayloadAbis.Names.Count];

    internal PayloadForm(string structName, string since, bool packed, bool natural, PayloadField[] elements)
    {
        StructName = structName;
        Since = since;
        _packed = packed;
        _natural = natural;
        _fields = [.. elements.Where(element => element.Kind != FieldKind.Gap)];
        for (int abi = 0; abi < _sizes.Length; abi++)
        {
            LayOut((PayloadAbi)abi, elements);
        }
    }

    /// <summary>The header's name of the struct; a description where the header has none.</summary>
    public string StructName { get; }

    /// <summary>The day this form came into the public header (year-month-day).</summary>
    public string Since { get; }

    public IReadOnlyList<PayloadField> Fields => _fields;

    /// <summary>The message's length decides, not the struct: the console's text.</summary>
    public bool IsVariable => _fields is [{ Kind: FieldKind.Text }];

    /// <exception cref="KeyNotFoundException">There is no such field.</exception>
    public PayloadField this[string field]
        => Array.Find(_fields, candidate => candidate.Name == field)
            ?? throw new KeyNotFoundException($"{StructName} has no field {field}");

    /// <summary>Whether the header had this form while it was laid out so.</summary>
    public bool Serves(PayloadAbi abi) => abi.IsPacked() ? _packed : _natural;

    /// <summary>Bytes of the whole struct; 0 if <see cref="IsVariable"/>.</summary>
    public int SizeOf(PayloadAbi abi) => _sizes[(int)abi];

    /// <summary>The places of <see cref="Fields"/>, in their order.</summary>
    public ReadOnlySpan<FieldPlace> PlacesOf(PayloadAbi abi) => _places[(int)abi];

    /// <summary>The struct's bytes. Fields that are not named, and padding, are 0.</summary>
    /// <exception cref="ArgumentException">A value is of a field that this form has not.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A value does not fit into its field.</exception>
    public byte[] Encode(PayloadAbi abi, params ReadOnlySpan<FieldValue> values)
    {
        if (IsVariable)
        {
            return EncodeText(values);
        }

        byte[] bytes = new byte[SizeOf(abi)];
        foreach (FieldValue value in values)
        {
            int index = Array.FindIndex(_fields, field => field.Name == value.Field.Name);
            if (index < 0)
            {
                throw new ArgumentException($"{StructName} has no field {value.Field.Name}", nameof(values));
            }

            FieldPlace place = _places[(int)abi][index];
            Write(value, bytes.AsSpan(place.Offset, place.Size));
        }

        return bytes;
    }

    /// <summary>The fields that lie wholly within <paramref name="data"/>.</summary>
    internal FieldValue[] Decode(PayloadAbi abi, ReadOnlySpan<byte> data)
    {
        if (IsVariable)
        {
            return [new FieldValue(_fields[0], 0, data.ToArray())];
        }

        List<FieldValue> values = new(_fields.Length);
        for (int i = 0; i < _fields.Length; i++)
        {
            FieldPlace place = _places[(int)abi][i];
            if (place.Offset + place.Size <= data.Length)
            {
                values.Add(Read(_fields[i], data.Slice(place.Offset, place.Size)));
            }
        }

        return [.. values];
    }

    private static FieldValue Read(PayloadField field, ReadOnlySpan<byte> bytes)
    {
        if (field.HoldsBytes)
        {
            return new FieldValue(field, 0, bytes.ToArray());
        }

        Span<byte> wide = stackalloc byte[8];
        wide.Clear();
        bytes.CopyTo(wide);
        return new FieldValue(field, BinaryPrimitives.ReadUInt64LittleEndian(wide), default);
    }

    private static void Write(in FieldValue value, Span<byte> into)
    {
        if (value.Field.HoldsBytes)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Bytes.Length, into.Length, value.Field.Name);
            value.Bytes.Span.CopyTo(into);
            return;
        }

        Span<byte> wide = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(wide, value.Number);
        if (wide[into.Length..].ContainsAnyExcept((byte)0))
        {
            throw new ArgumentOutOfRangeException(value.Field.Name, value.Number, $"does not fit into {into.Length} bytes");
        }

        wide[..into.Length].CopyTo(into);
    }

    private static byte[] EncodeText(ReadOnlySpan<FieldValue> values)
    {
        if (values is not [{ Field.Kind: FieldKind.Text } text])
        {
            throw new ArgumentException("text is the one field of this message", nameof(values));
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Bytes.Length, ProtocolLimits.MaxPayload, text.Field.Name);
        return text.Bytes.ToArray();
    }

    private void LayOut(PayloadAbi abi, PayloadField[] elements)
    {
        List<FieldPlace> places = new(_fields.Length);
        int offset = 0;
        int strictest = 1;
        foreach (PayloadField element in elements)
        {
            int alignment = element.AlignmentIn(abi);
            strictest = Math.Max(strictest, alignment);
            offset = RoundUp(offset, alignment);
            int size = element.SizeIn(abi);
            if (element.Kind != FieldKind.Gap)
            {
                places.Add(new FieldPlace(offset, size));
            }

            offset += abi.IsPacked() && element.Kind == FieldKind.PaddedWord ? 8 : size;
        }

        _places[(int)abi] = [.. places];
        _sizes[(int)abi] = RoundUp(offset, strictest);
    }

    private static int RoundUp(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;
}
