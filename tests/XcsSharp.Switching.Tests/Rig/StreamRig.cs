using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

using XcsSharp.Reactor;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>
/// A switch over played guests with console rings; the test turns the loop and the clock itself, so that nothing happens between two
/// of its lines.
/// </summary>
internal sealed class StreamRig : IDisposable
{
    public StreamRig(Action<SwitchOptions>? configure = null, bool attach = true)
    {
        configure?.Invoke(Options);
        Loop = new EventLoop(Clock);
        Hypervisor = new FakeHypervisor(Loop.Post);
        Switch = new ControlSwitch(Loop, Hypervisor, Options, new Logger<ControlSwitch>(Log));
        if (attach)
        {
            Switch.AttachConsoles(Consoles);
        }

        Switch.Start();
    }

    public FakeTimeProvider Clock { get; } = new();

    public EventLoop Loop { get; }

    public FakeHypervisor Hypervisor { get; }

    public SwitchOptions Options { get; } = new();

    public RecordingLog Log { get; } = new();

    public ControlSwitch Switch { get; }

    public RecordingConsoles Consoles { get; } = new();

    /// <summary>A domain with a console ring of this number.</summary>
    public (FakeGuest Guest, FakeConsole Console, ConsoleStream Stream) Add(uint domid, int number = 0)
    {
        FakeGuest guest = Hypervisor.AddDomain(domid);
        FakeConsole console = guest.AddConsole(number);
        return (guest, console, Stream(domid, number));
    }

    public ConsoleStream Stream(uint domid, int number = 0) => Switch.FindByDomid(domid)!.FindConsole(number)!;

    /// <summary>Turns the loop until nothing happens any more. Never ends with a guest that writes at every look.</summary>
    public void Settle()
    {
        while (Loop.RunOnce(TimeSpan.Zero))
        {
        }
    }

    public void Advance(TimeSpan time)
    {
        Clock.Advance(time);
        Settle();
    }

    public void Dispose()
    {
        Switch.Dispose();
        Loop.Dispose();
    }
}
