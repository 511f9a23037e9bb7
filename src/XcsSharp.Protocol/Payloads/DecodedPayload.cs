namespace XcsSharp.Protocol.Payloads;

/// <summary>How a message's length fits the struct that it should carry.</summary>
public enum PayloadFit : byte
{
    /// <summary>The header knows no such type and subtype, or not in this ABI.</summary>
    Unknown,

    /// <summary>Exactly the struct.</summary>
    Whole,

    /// <summary>No bytes at all, where a struct should be: what a guest answers to what it does not understand.</summary>
    Empty,

    /// <summary>The struct is cut off; fields that are there in part are left out.</summary>
    Short,

    /// <summary>More bytes than the struct has.</summary>
    Long,
}

/// <summary>
/// A message's payload, taken apart. Every message decodes to something: what is wrong with it is a value here, for a
/// guest may send anything.
/// </summary>
public sealed class DecodedPayload
{
    private DecodedPayload(
        PayloadDefinition? definition, PayloadForm? form, PayloadFit fit, int structSize, int claimed, byte[] data,
        FieldValue[] fields)
    {
        Definition = definition;
        Form = form;
        Fit = fit;
        StructSize = structSize;
        ClaimedLength = claimed;
        Data = data;
        Fields = fields;
    }

    /// <summary>Null: no such type and subtype.</summary>
    public PayloadDefinition? Definition { get; }

    /// <summary>The version of the struct that was read; null if <see cref="Fit"/> is <see cref="PayloadFit.Unknown"/>.</summary>
    public PayloadForm? Form { get; }

    public PayloadFit Fit { get; }

    /// <summary>Bytes that <see cref="Form"/> has; what a message carries beyond them is its surplus.</summary>
    public int StructSize { get; }

    /// <summary>The length that the message claims, 0..255. Above 60 it is a lie and counts as 60.</summary>
    public int ClaimedLength { get; }

    /// <summary>The valid bytes, 0..60.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The fields that are there, in the struct's order.</summary>
    public IReadOnlyList<FieldValue> Fields { get; }

    /// <summary>The value of one field; null if the message has it not.</summary>
    public FieldValue? this[string field]
    {
        get
        {
            foreach (FieldValue value in Fields)
            {
                if (value.Field.Name == field)
                {
                    return value;
                }
            }

            return null;
        }
    }

    /// <summary>Takes a message apart. Never throws.</summary>
    public static DecodedPayload Decode(in ControlMessage message, PayloadAbi abi)
    {
        byte[] data = message.Data.ToArray();
        PayloadDefinition? definition = PayloadCatalog.Find(message.Type, message.Subtype);
        PayloadForm? form = (int)abi < PayloadAbis.Names.Count ? definition?.FormFor(abi, data.Length) : null;
        if (form is null)
        {
            return new DecodedPayload(definition, null, PayloadFit.Unknown, 0, message.Length, data, []);
        }

        int size = form.IsVariable ? data.Length : form.SizeOf(abi);
        return new DecodedPayload(
            definition, form, FitOf(data.Length, size), size, message.Length, data, form.Decode(abi, data));
    }

    private static PayloadFit FitOf(int length, int size) => length switch
    {
        _ when length == size => PayloadFit.Whole,
        0 => PayloadFit.Empty,
        _ when length < size => PayloadFit.Short,
        _ => PayloadFit.Long,
    };
}
