using System.Diagnostics;
using System.Runtime.InteropServices;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>
/// A domain of 2005 whose kernel is the test: the control interface in its shared_info page, index by index and slot by
/// slot (spec section 2), and its event-channel port 1. It may lie.
/// </summary>
internal sealed class RingGuest : IAsyncDisposable
{
    public const int TxRequests = 2048;
    public const int TxResponses = 2052;
    public const int TxSlots = 2056;
    public const int RxRequests = 2568;
    public const int RxResponses = 2572;
    public const int RxSlots = 2576;

    private const ulong SharedInfoFrame = 0x1001; // SIMXEN_SHARED_INFO_FRAME
    private const uint ControlPort = 1;

    private readonly ChildProcess _holder;
    private readonly EventChannels _events;
    private readonly ForeignMemory _memory;
    private readonly nint _page;

    private RingGuest(SimMachine machine, string name, ChildProcess holder, uint domid)
    {
        _holder = holder;
        Name = name;
        Domid = domid;
        (_events, _memory) = machine.As(domid, static () => (EventChannels.Open(), ForeignMemory.Open()));
        _events.Claim(ControlPort).OrThrow("simxen_evtchn_claim");
        Assert.Equal(Errno.OK, _memory.Map(domid, SharedInfoFrame, out _page));
    }

    public string Name { get; }

    public uint Domid { get; }

    /// <summary>A domain whose channel a client has to open, unless it is announced.</summary>
    public static async Task<RingGuest> CreateAsync(SimMachine machine, string name, uint? domid = null, bool announced = false)
    {
        GuestOptions options = new(name, domid, Classic: true, announced);
        (ChildProcess holder, uint given) = await machine.CreateAsync(options, console: false, Lab.Cancel);
        return new RingGuest(machine, name, holder, given);
    }

    /// <summary>A shared index. Set, it is what the guest claims.</summary>
    public uint this[int index]
    {
        get
        {
            Thread.MemoryBarrier();
            return (uint)Marshal.ReadInt32(_page, index);
        }
        set
        {
            Thread.MemoryBarrier();
            Marshal.WriteInt32(_page, index, (int)value);
        }
    }

    /// <summary>The 64 bytes of a slot.</summary>
    public byte[] Slot(int slots, uint index)
    {
        byte[] slot = new byte[Wire.MessageSize];
        Marshal.Copy(_page + SlotOffset(slots, index), slot, 0, slot.Length);
        return slot;
    }

    /// <summary>Publishes a request without a signal.</summary>
    public void Put(byte[] message)
    {
        Write(TxSlots, this[TxRequests], message);
        this[TxRequests]++;
    }

    public void Ask(byte[] message)
    {
        Put(message);
        Kick();
    }

    /// <summary>Publishes a response to the oldest request that has none, without a signal.</summary>
    public void PutAnswer(byte[] message)
    {
        Write(RxSlots, this[RxResponses], message);
        this[RxResponses]++;
    }

    public void Answer(byte[] message)
    {
        PutAnswer(message);
        Kick();
    }

    public void Kick() => _events.Notify(ControlPort).OrThrow("notify");

    /// <summary>True when the guest was signalled since the last time.</summary>
    public bool TakeSignal()
    {
        uint[] ports = new uint[4];
        SysResult read = _events.ReadPorts(ports);
        return read is { IsOk: true, Value: > 0 } && _events.Unmask(ControlPort).IsOk;
    }

    /// <summary>Waits until the daemon has moved one of its indexes to this value, which is as far as it may go.</summary>
    public async Task WaitForAsync(int index, uint value)
    {
        // Memory tells nobody that it has changed, and the signal comes after the change.
        long start = Stopwatch.GetTimestamp();
        while (this[index] != value)
        {
            if (Stopwatch.GetElapsedTime(start) > Transcript.DefaultDeadline)
            {
                Assert.Fail($"{Name}: waited in vain for {value} at {index}, where {this[index]} is");
            }

            await Task.Delay(1, Lab.Cancel);
        }
    }

    /// <summary>Waits for a signal.</summary>
    public async Task WaitForSignalAsync()
    {
        long start = Stopwatch.GetTimestamp();
        while (!TakeSignal())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Transcript.DefaultDeadline, $"{Name} was not signalled");
            await Task.Delay(1, Lab.Cancel);
        }
    }

    /// <summary>Waits for the answers up to this index and gives the one before it.</summary>
    public async Task<byte[]> AnswerAsync(uint responses)
    {
        await WaitForAsync(TxResponses, responses);
        return Slot(TxSlots, responses - 1);
    }

    /// <summary>Waits for the requests up to this index and gives the one before it.</summary>
    public async Task<byte[]> RequestAsync(uint requests)
    {
        await WaitForAsync(RxRequests, requests);
        return Slot(RxSlots, requests - 1);
    }

    public async ValueTask DisposeAsync()
    {
        _memory.Unmap(_page);
        _memory.Dispose();
        _events.Dispose();
        await _holder.DisposeAsync();
    }

    private static int SlotOffset(int slots, uint index) => slots + ((int)(index & 7) * Wire.MessageSize);

    private void Write(int slots, uint index, byte[] message)
        => Marshal.Copy(message, 0, _page + SlotOffset(slots, index), message.Length);
}
