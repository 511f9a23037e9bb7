using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.TestKit.Kernels;

/// <summary>Kernels of guests with console rings, any number of them on one thread.</summary>
public sealed class RingGuests : IDisposable
{
    private readonly Thread _thread;
    private readonly List<RingConsole> _consoles = [];

    public RingGuests(SimMachine machine)
    {
        Machine = machine;
        Memory = machine.As(0, ForeignMemory.Open);
        _thread = new Thread(Loop.Run) { IsBackground = true, Name = "ring guests" };
        _thread.Start();
    }

    public SimMachine Machine { get; }

    public EventLoop Loop { get; } = new();

    /// <summary>A toolstack's: it maps any domain's frames.</summary>
    internal ForeignMemory Memory { get; }

    /// <summary>A frame of a living domain, for whoever plays its kernel. To be disposed of before the guests are.</summary>
    /// <exception cref="ErrnoException">It can not be mapped.</exception>
    public MappedPage MapPage(uint domid, ulong frame)
    {
        Errno error = Memory.Map(domid, frame, out nint address);
        return error == Errno.OK ? new DomainPage(Memory, address) : throw new ErrnoException("map", error, $"frame {frame:x} of domain {domid}");
    }

    /// <summary>The kernel of a living domain that was made with a console begins.</summary>
    /// <param name="domid">The domain.</param>
    /// <param name="text">What it prints.</param>
    /// <param name="position">Where in that it begins.</param>
    public RingConsole Begin(uint domid, LetterText text, long position = 0)
    {
        RingConsole console = new(this, domid, text, position);
        Loop.Post(() =>
        {
            _consoles.Add(console);
            console.Begin();
        });
        return console;
    }

    /// <summary>It is gone, as with its domain.</summary>
    public Task EndAsync(RingConsole console)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Loop.Post(() =>
        {
            _ = _consoles.Remove(console);
            console.End();
            ended.SetResult();
        });
        return ended.Task;
    }

    public void Dispose()
    {
        Loop.Stop();
        _thread.Join();
        foreach (RingConsole console in _consoles)
        {
            console.End();
        }

        Loop.Dispose();
        Memory.Dispose();
    }
}
