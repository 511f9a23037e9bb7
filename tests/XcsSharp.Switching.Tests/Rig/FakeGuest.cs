using System.Buffers.Binary;

using XcsSharp.Rings;
using XcsSharp.TestKit;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>
/// Plays the guest's side of a control channel over a real control page; <see cref="Poke"/> lets it lie.
/// </summary>
internal sealed class FakeGuest : IDisposable
{
    public const int ControlPort = 1;

    private readonly FakeHypervisor _hypervisor;
    private AnonymousPage _memory = new();

    public FakeGuest(FakeHypervisor hypervisor, uint domid, string? name)
    {
        _hypervisor = hypervisor;
        Domid = domid;
        Name = name ?? $"guest{domid}";
        Page = new GuestPage(MapMemory());
    }

    public uint Domid { get; }

    public string Name { get; }

    public Guid Uuid { get; } = Guid.NewGuid();

    public GuestPage Page { get; private set; }

    /// <summary>The daemon's end of now, or of last.</summary>
    public FakeTransport Transport { get; set; } = null!;

    public int Port => Transport.LocalPort;

    public MappedPage MapMemory() => new PageView(_memory);

    /// <summary>Another program of the same guest: a fresh page.</summary>
    public void Restart()
    {
        // The old memory stays until the daemon has unmapped it; the collector takes it then.
        Page = null!;
        _memory = new AnonymousPage();
        Page = new GuestPage(MapMemory());
    }

    public void Send(in ControlMessage request)
    {
        Assert.True(Page.Transmit.TryPutRequest(request), "the guest's ring is full");
        Kick();
    }

    public void Send(MessageType type, byte id, params byte[] data) => Send(ControlMessage.Create(type, 0, id, data));

    public void Kick() => _hypervisor.Signal(Port);

    /// <summary>The answers that are there, oldest first.</summary>
    public List<ControlMessage> TakeAnswers()
    {
        List<ControlMessage> answers = [];
        while (Page.Transmit.TryTakeResponse(out ControlMessage answer) == RingRead.Message)
        {
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>The daemon's requests that are there, oldest first. They are not answered by this.</summary>
    public List<ControlMessage> TakeRequests()
    {
        List<ControlMessage> requests = [];
        while (Page.Receive.TryTakeRequest(out ControlMessage request) == RingRead.Message)
        {
            requests.Add(request);
        }

        return requests;
    }

    /// <summary>Answers the oldest unanswered request of the daemon's, with nothing.</summary>
    public void AnswerOldest(in ControlMessage request)
    {
        Page.Receive.PutResponse(0, ControlMessage.EmptyAnswerTo(request));
        Kick();
    }

    /// <summary>The length byte as it is in a slot of the page.</summary>
    public byte RawLength(int direction, int slot)
        => _memory.Bytes[direction + ControlPageLayout.Slots + (slot * ProtocolLimits.ControlMessageSize) + 3];

    /// <summary>Overwrites a shared index.</summary>
    public void Poke(int direction, int index, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.Bytes[(direction + index)..], value);
        Kick();
    }

    /// <summary>The 64 bytes of a slot for its requests.</summary>
    public Span<byte> TransmitSlot(int index)
        => _memory.Bytes.Slice(ControlPageLayout.Transmit + ControlPageLayout.Slots + (index * ProtocolLimits.ControlMessageSize), ProtocolLimits.ControlMessageSize);

    public void Dispose()
    {
        Page.Dispose();
        _memory.Dispose();
    }
}
