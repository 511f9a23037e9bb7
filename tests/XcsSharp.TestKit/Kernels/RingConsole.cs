using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.TestKit.Kernels;

/// <summary>
/// The kernel of one guest at its console ring: prints its text as far as it is told to, as much as fits, and the rest when dom0 has
/// made room. Lives on the thread of its <see cref="RingGuests"/>.
/// </summary>
public sealed class RingConsole : IReadyHandler
{
    /// <summary>What simxen gives a domain with a console (simxen.h).</summary>
    private const ulong Frame = 0x1002;

    private const uint Port = 2;

    private readonly RingGuests _guests;
    private readonly EventChannels _events;
    private readonly GuestConsoleRing _ring;
    private readonly byte[] _input = new byte[ConsoleRingLayout.InputSize];
    private readonly uint[] _ports = new uint[8];
    private Registration? _registration;
    private TaskCompletionSource _reached = new();
    private long _target;
    private long _produced;

    internal RingConsole(RingGuests guests, uint domid, LetterText text, long position)
    {
        _guests = guests;
        Domid = domid;
        Text = text;
        _target = _produced = position;
        _events = guests.Machine.As(domid, EventChannels.Open);
        _events.Claim(Port).OrThrow("claim");
        _ring = new GuestConsoleRing(guests.MapPage(domid, Frame));
    }

    public uint Domid { get; }

    public LetterText Text { get; }

    /// <summary>Position behind the last letter that is in the ring, or was.</summary>
    public long Produced => Volatile.Read(ref _produced);

    /// <summary>Prints so many letters more; ends when all of what was asked for is in the ring, or the guest stopped.</summary>
    public Task PrintAsync(long letters)
    {
        TaskCompletionSource<Task> asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _guests.Loop.Post(() =>
        {
            _target = checked(_target + letters);
            if (_reached.Task.IsCompleted)
            {
                _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            Task reached = _reached.Task;
            Run();
            asked.SetResult(reached);
        });
        return asked.Task.Unwrap();
    }

    /// <summary>Prints no more, from when this ends on.</summary>
    public Task StopAsync()
    {
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _guests.Loop.Post(() =>
        {
            _target = _produced;
            _reached.TrySetResult();
            stopped.SetResult();
        });
        return stopped.Task;
    }

    void IReadyHandler.OnReady(Readiness ready)
    {
        if (_events.ReadPorts(_ports) is { IsOk: true })
        {
            _ = _events.Unmask(Port);
            Run();
        }
    }

    internal void Begin()
    {
        _registration = _guests.Loop.Register(_events.FileDescriptor, Readiness.Readable, this);
        Run();
    }

    internal void End()
    {
        _reached.TrySetResult();
        _registration?.Dispose();
        _ring.Dispose();
        _events.Dispose();
    }

    private void Run()
    {
        bool moved = false;
        int put;
        while (_produced < _target
            && (put = _ring.Put(Text.Next(_produced, Math.Min(_target - _produced, ConsoleRingLayout.OutputSize)))) > 0)
        {
            Volatile.Write(ref _produced, _produced + put);
            moved = true;
        }

        while (_ring.TryTake(_input, out _) == RingRead.Message)
        {
            moved = true;
        }

        if (moved)
        {
            _ = _events.Notify(Port);
        }

        if (_produced == _target)
        {
            _reached.TrySetResult();
        }
    }
}
