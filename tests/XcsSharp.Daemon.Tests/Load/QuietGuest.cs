using System.Diagnostics;
using System.Net.Sockets;

using Microsoft.Win32.SafeHandles;

using Mono.Unix.Native;

using XcsSharp.Interop.Xen;
using XcsSharp.Rings;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Daemon.Tests.Load;

/// <summary>
/// A guest and those who look at it, on one thread that does nothing else: what is measured is the way through the daemon, and a wake-up of
/// this thread at each end. The guest's kernel echoes what is typed.
/// </summary>
internal sealed class QuietGuest : IDisposable
{
    private const ulong Frame = 0x1002; // what simxen gives a domain with a console (simxen.h)
    private const uint Port = 2;

    private readonly EventChannels _events;
    private readonly GuestConsoleRing _ring;
    private readonly Socket _viewer = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly SafeFileHandle _terminal;
    private readonly FileStream _terminalStream;
    private readonly byte[] _line = new byte[64];
    private readonly byte[] _got = new byte[4096];
    private readonly uint[] _ports = new uint[8];
    private byte _next;

    /// <param name="guests">For the domain's memory.</param>
    /// <param name="domid">A domain with a console that nobody else plays.</param>
    /// <param name="socket">The console socket.</param>
    /// <param name="terminal">Its terminal's link.</param>
    public QuietGuest(RingGuests guests, uint domid, string socket, string terminal)
    {
        _events = guests.Machine.As(domid, EventChannels.Open);
        _events.Claim(Port).OrThrow("claim");
        _ring = new GuestConsoleRing(guests.MapPage(domid, Frame));
        _viewer.Connect(new UnixDomainSocketEndPoint(socket));
        _viewer.Send(System.Text.Encoding.ASCII.GetBytes($"ATTACH {domid}\n"));
        while (_viewer.Receive(_got, 0, 1, SocketFlags.None) == 1 && _got[0] != '\n')
        {
        }

        int fd = Syscall.open(terminal, OpenFlags.O_RDWR | OpenFlags.O_NOCTTY | OpenFlags.O_CLOEXEC | OpenFlags.O_NONBLOCK);
        Assert.True(fd >= 0, $"open {terminal}: {Stdlib.GetLastError()}");
        _terminal = new SafeFileHandle(fd, ownsHandle: true);
        _terminalStream = new FileStream(_terminal, FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>Prints a line.</summary>
    /// <returns>How long it took to the viewer and to the terminal's reader, in milliseconds.</returns>
    public (double Viewer, double Terminal) Print()
    {
        long start = Stopwatch.GetTimestamp();
        Put(NextLine());
        double viewer = 0;
        double terminal = 0;
        int atViewer = 0;
        int atTerminal = 0;
        Pollfd[] wanted =
        [
            new() { fd = _viewer.Handle.ToInt32(), events = PollEvents.POLLIN },
            new() { fd = _terminal.DangerousGetHandle().ToInt32(), events = PollEvents.POLLIN },
        ];
        while (viewer == 0 || terminal == 0)
        {
            Poll(wanted);
            double now = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (wanted[0].revents != 0)
            {
                atViewer += _viewer.Receive(_got);
                viewer = atViewer >= _line.Length ? now : 0;
            }

            if (wanted[1].revents != 0)
            {
                atTerminal += _terminalStream.Read(_got);
                terminal = atTerminal >= _line.Length ? now : 0;
            }
        }

        Assert.Equal(_line.Length, atViewer);
        Assert.Equal(_line.Length, atTerminal);
        return (viewer, terminal);
    }

    /// <summary>A key is typed at the viewer, and comes back as the guest's echo.</summary>
    /// <returns>Milliseconds.</returns>
    public double TypeAndSee()
    {
        byte[] key = [(byte)'k'];
        Pollfd[] guest = [new() { fd = _events.FileDescriptor.DangerousGetHandle().ToInt32(), events = PollEvents.POLLIN }];
        long start = Stopwatch.GetTimestamp();
        _viewer.Send(key);
        int count = 0;
        while (count == 0)
        {
            Poll(guest);
            TakeEvents();
            _ = _ring.TryTake(_got, out count);
        }

        Put(_got.AsSpan(0, count));
        Assert.Equal(1, _viewer.Receive(_got));
        double took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Pollfd[] terminal = [new() { fd = _terminal.DangerousGetHandle().ToInt32(), events = PollEvents.POLLIN }];
        Poll(terminal);
        Assert.Equal(1, _terminalStream.Read(_got));
        return took;
    }

    public void Dispose()
    {
        _ring.Dispose();
        _events.Dispose();
        _viewer.Dispose();
        _terminalStream.Dispose();
        _terminal.Dispose();
    }

    private static void Poll(Pollfd[] wanted)
    {
        foreach (ref Pollfd one in wanted.AsSpan())
        {
            one.revents = 0;
        }

        int ready;
        do
        {
            ready = Syscall.poll(wanted, 20_000);
        }
        while (ready < 0 && Stdlib.GetLastError() == Mono.Unix.Native.Errno.EINTR);
        Assert.True(ready > 0, "nothing comes");
    }

    private ReadOnlySpan<byte> NextLine()
    {
        _next++;
        _line.AsSpan(..^1).Fill((byte)('a' + (_next % 26)));
        _line[^1] = (byte)'\n';
        return _line;
    }

    private void Put(ReadOnlySpan<byte> output)
    {
        TakeEvents();
        Assert.Equal(output.Length, _ring.Put(output));
        _events.Notify(Port).OrThrow("notify");
    }

    private void TakeEvents()
    {
        while (_events.ReadPorts(_ports) is { IsOk: true })
        {
            _ = _events.Unmask(Port);
        }
    }
}
