using System.Buffers.Binary;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Rings.Tests;

/// <summary>One control page with both of its ends, and the raw indexes for a peer that lies.</summary>
internal sealed class SharedRings : IDisposable
{
    private readonly AnonymousPage _memory = new();

    /// <param name="start">First value of all four shared indexes: both ends attach there.</param>
    public SharedRings(uint start = 0)
    {
        TransmitRequests = start;
        TransmitResponses = start;
        ReceiveRequests = start;
        ReceiveResponses = start;
        Controller = new ControllerPage(new PageView(_memory));
        Guest = new GuestPage(new PageView(_memory));
    }

    public ControllerPage Controller { get; private set; }

    public GuestPage Guest { get; private set; }

    public uint TransmitRequests
    {
        get => Load(ControlPageLayout.Transmit + ControlPageLayout.RequestProducer);
        set => Store(ControlPageLayout.Transmit + ControlPageLayout.RequestProducer, value);
    }

    public uint TransmitResponses
    {
        get => Load(ControlPageLayout.Transmit + ControlPageLayout.ResponseProducer);
        set => Store(ControlPageLayout.Transmit + ControlPageLayout.ResponseProducer, value);
    }

    public uint ReceiveRequests
    {
        get => Load(ControlPageLayout.Receive + ControlPageLayout.RequestProducer);
        set => Store(ControlPageLayout.Receive + ControlPageLayout.RequestProducer, value);
    }

    public uint ReceiveResponses
    {
        get => Load(ControlPageLayout.Receive + ControlPageLayout.ResponseProducer);
        set => Store(ControlPageLayout.Receive + ControlPageLayout.ResponseProducer, value);
    }

    /// <summary>The bytes of a transmit slot, as the guest can write them at any time.</summary>
    public Span<byte> TransmitSlot(uint index)
        => _memory.Bytes.Slice(
            ControlPageLayout.Transmit + ControlPageLayout.Slots
                + ((int)(index % ProtocolLimits.RingSlots) * ProtocolLimits.ControlMessageSize),
            ProtocolLimits.ControlMessageSize);

    /// <summary>A controller that starts anew on the same page, as after a crash of the daemon.</summary>
    public ControllerPage RestartController()
    {
        Controller.Dispose();
        return Controller = new ControllerPage(new PageView(_memory));
    }

    public GuestPage RestartGuest()
    {
        Guest.Dispose();
        return Guest = new GuestPage(new PageView(_memory));
    }

    public void Dispose()
    {
        Controller.Dispose();
        Guest.Dispose();
        _memory.Dispose();
    }

    public static ControlMessage Numbered(byte id)
        => ControlMessage.Create(MessageType.Console, 0, id, [id, (byte)~id]);

    private uint Load(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_memory.Bytes[offset..]);

    private void Store(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_memory.Bytes[offset..], value);
}
