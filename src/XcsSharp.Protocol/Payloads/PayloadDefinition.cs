namespace XcsSharp.Protocol.Payloads;

/// <summary>What a control message of one type and subtype carries.</summary>
public sealed class PayloadDefinition
{
    private readonly PayloadForm[] _forms;

    internal PayloadDefinition(MessageType type, byte subtype, string name, params PayloadForm[] forms)
    {
        Type = type;
        Subtype = subtype;
        Name = name;
        _forms = forms;
    }

    public MessageType Type { get; }

    public byte Subtype { get; }

    /// <summary>The subtype's name as the public header has it, without the type's: <c>INTERFACE_STATUS</c>.</summary>
    public string Name { get; }

    /// <summary>All versions of the struct, the oldest first.</summary>
    public IReadOnlyList<PayloadForm> Forms => _forms;

    /// <summary>The newest version that was laid out so; null if the message did not exist then.</summary>
    public PayloadForm? NewestForm(PayloadAbi abi) => Array.FindLast(_forms, form => form.Serves(abi));

    /// <summary>
    /// The version that a message of this length is: the newest of exactly this size, else the newest of all. The
    /// versions of one struct that differ do so in size (one exception: <c>blkif_be_vbd_grow</c>).
    /// </summary>
    public PayloadForm? FormFor(PayloadAbi abi, int length)
        => Array.FindLast(_forms, form => form.Serves(abi) && form.SizeOf(abi) == length) ?? NewestForm(abi);

    /// <summary>A message of the newest version. Fields that are not named are 0.</summary>
    /// <exception cref="ArgumentException">A field is unknown, a value does not fit, or the message did not exist in this
    /// ABI.</exception>
    public ControlMessage CreateMessage(PayloadAbi abi, byte id, params ReadOnlySpan<FieldValue> values)
    {
        PayloadForm form = NewestForm(abi)
            ?? throw new ArgumentException($"{Name} did not exist when structs were {abi.Name()}", nameof(abi));
        return ControlMessage.Create(Type, Subtype, id, form.Encode(abi, values));
    }
}
