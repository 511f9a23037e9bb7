using System.Diagnostics;

namespace XcsSharp.Reactor.Tests;

/// <summary>A loop that the test itself turns, and what is closed with it.</summary>
internal sealed class LoopRig : IDisposable
{
    /// <summary>Long, because only a failure waits for it.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <summary>Short, but long enough that a loop that spins is seen to.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(60);

    private readonly List<IDisposable> _owned = [];

    public LoopRig(TimeProvider? clock = null) => Loop = new EventLoop(clock);

    public EventLoop Loop { get; }

    public T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Add(thing);
        return thing;
    }

    /// <summary>Two connected stream sockets.</summary>
    public (SafeFileHandle Ours, SafeFileHandle Peer) Pair()
    {
        (SafeFileHandle ours, SafeFileHandle peer) = Sockets.Pair();
        return (Own(ours), Own(peer));
    }

    /// <summary>A stream on the loop, already reading, and the bare socket at its other end.</summary>
    public (UnixStream Stream, SafeFileHandle Peer) Stream(IStreamOwner owner, int writeLimit = 64 * 1024)
    {
        (SafeFileHandle ours, SafeFileHandle peer) = Pair();
        UnixStream stream = Own(new UnixStream(Loop, ours, writeLimit) { Owner = owner });
        stream.Start();
        return (stream, peer);
    }

    public void TurnUntil(Func<bool> reached)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(watch.Elapsed < Deadline, "the loop did not get there");
            Loop.RunOnce(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>Turns as long as there is something to do.</summary>
    public void TurnUntilIdle()
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Loop.RunOnce(TimeSpan.Zero))
        {
            Assert.True(watch.Elapsed < Deadline, "the loop never rests");
        }
    }

    /// <summary>
    /// Turns until a whole turn was silent. For what the kernel goes on with by itself for a moment, as it does with bytes
    /// on their way through a terminal.
    /// </summary>
    public void TurnUntilSilent()
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (Loop.RunOnce(Silence))
        {
            Assert.True(watch.Elapsed < Deadline, "the loop never rests");
        }
    }

    /// <summary>One turn must sleep to its end: nothing is ready, and nothing spins.</summary>
    public void AssertSleeps()
    {
        TurnUntilIdle();
        ulong before = Loop.Turns;
        Stopwatch watch = Stopwatch.StartNew();
        Assert.False(Loop.RunOnce(Silence), "the idle loop did something");
        Assert.True(watch.Elapsed >= Silence - TimeSpan.FromMilliseconds(5), $"woke after {watch.Elapsed}");
        Assert.Equal(before + 1, Loop.Turns);
    }

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        Loop.Dispose();
    }
}

/// <summary>The bare other end of a connection or a terminal.</summary>
internal static class Descriptors
{
    /// <summary>Writes all that the kernel takes now.</summary>
    public static int WriteSome(this SafeFileHandle fd, ReadOnlySpan<byte> bytes)
    {
        int written = 0;
        while (written < bytes.Length)
        {
            SysResult result = Sys.Write(fd, bytes[written..]);
            if (result.Error == Errno.EAGAIN)
            {
                break;
            }

            written += result.OrThrow("write");
        }

        return written;
    }

    /// <summary>Reads all that is there now; the end is just the end.</summary>
    public static byte[] ReadAll(this SafeFileHandle fd)
    {
        MemoryStream all = new();
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            SysResult read = Sys.Read(fd, buffer);
            if (!read.IsOk || read.Value == 0)
            {
                return all.ToArray();
            }

            all.Write(buffer, 0, read.Value);
        }
    }

    /// <summary>Whether the peer has closed.</summary>
    public static bool AtEnd(this SafeFileHandle fd)
    {
        byte[] one = new byte[1];
        SysResult read = Sys.Read(fd, one);
        return read is { IsOk: true, Value: 0 } || read.Error == Errno.ECONNRESET;
    }

    public static int Number(this SafeFileHandle fd) => (int)fd.DangerousGetHandle();
}
