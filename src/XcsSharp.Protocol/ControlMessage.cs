using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace XcsSharp.Protocol;

/// <summary>The 60 payload bytes of a <see cref="ControlMessage"/>.</summary>
[InlineArray(ProtocolLimits.MaxPayload)]
public struct MessagePayload
{
    private byte _first;
}

/// <summary>
/// One slot of a control ring: 64 bytes, all of them copied both ways (control_msg_t; spec section 1).
/// Only bytes, no padding and no alignment: it may be read straight out of a record or a slot.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct ControlMessage
{
    /// <summary>What it is about; any other number is possible in what a guest sends.</summary>
    public MessageType Type;

    /// <summary>What of it, counted within each type.</summary>
    public byte Subtype;

    /// <summary>Chosen by the sender of a request and echoed in the answer. Guests of 2005 index an
    /// array by it without a check, so an answer must repeat it exactly.</summary>
    public byte Id;

    /// <summary>Valid bytes of <see cref="Payload"/>; 0..60 in an honest message, unchecked in a raw one.</summary>
    public byte Length;

    /// <summary>Laid out as type and subtype ask for; what is behind <see cref="Length"/> means nothing.</summary>
    public MessagePayload Payload;

    /// <summary>
    /// A message with <paramref name="data"/> as its payload and zeros after it, so that no stale byte of
    /// ours reaches the other side.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">More than 60 bytes.</exception>
    public static ControlMessage Create(MessageType type, byte subtype, byte id, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(data.Length, ProtocolLimits.MaxPayload);
        ControlMessage message = default;
        message.Type = type;
        message.Subtype = subtype;
        message.Id = id;
        message.Length = (byte)data.Length;
        data.CopyTo(message.Payload);
        return message;
    }

    /// <summary>The answer that says "nobody understood this": same type, subtype and id, length 0 (spec section 7).</summary>
    public static ControlMessage EmptyAnswerTo(in ControlMessage request)
        => Create(request.Type, request.Subtype, request.Id, []);

    /// <summary>The valid payload bytes. A length above 60 counts as 60.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Data
        => ((ReadOnlySpan<byte>)Payload)[..Math.Min((int)Length, ProtocolLimits.MaxPayload)];
}
