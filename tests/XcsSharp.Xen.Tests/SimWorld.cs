using System.Diagnostics;

using XcsSharp.Interop;
using XcsSharp.Reactor;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>
/// A real simulated machine, and an adapter in this process that serves it. The test's thread turns the loop, one
/// <see cref="Until"/> at a time.
/// </summary>
internal sealed class SimWorld : IAsyncDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(15);

    private readonly List<IAsyncDisposable> _domains = [];
    private XenHypervisor? _hypervisor;

    private SimWorld(SimMachine machine, TimeProvider? clock)
    {
        Machine = machine;
        Loop = new EventLoop(clock);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SimMachine Machine { get; }

    public EventLoop Loop { get; private set; }

    public RecordingSink Sink { get; private set; } = new();

    public ListLog Log { get; } = new();

    /// <summary>Without the hypervisor's log, whose domain and port would be in every other test's way.</summary>
    public XenOptions Options { get; } = new() { HypervisorLog = false };

    public XenHypervisor Hypervisor => _hypervisor!;

    public static async Task<SimWorld> StartAsync(bool started = true, TimeProvider? clock = null)
    {
        SkipWithoutCompiler();
        SimWorld world = new(await SimMachine.StartAsync(Cancel), clock);
        if (started)
        {
            world.StartHypervisor();
        }

        return world;
    }

    /// <inheritdoc cref="SimMachine.As"/>
    public T As<T>(uint domid, Func<T> open) => Machine.As(domid, open);

    public void OpenHypervisor(HypervisorBackend backend = HypervisorBackend.Sim)
        => _hypervisor = As(0, () => new XenHypervisor(Loop, backend, Options, Log.For<XenHypervisor>()));

    public void StartHypervisor()
    {
        OpenHypervisor();

        // The start opens one more handle, for the hypervisor's log, and that must be domain 0's too.
        _ = As(0, () =>
        {
            Hypervisor.Start(Sink);
            return true;
        });
    }

    /// <summary>What a restart of the daemon is to the guests: all handles closed, all opened anew.</summary>
    public void StopHypervisor()
    {
        Sink.Dispose();
        _hypervisor?.Dispose();
        _hypervisor = null;
        Loop.Dispose();
        Sink = new RecordingSink();
        Loop = new EventLoop();
    }

    public async Task<SimDomain> CreateDomainAsync(uint domid, string? name = null, bool classic = false, bool console = false)
    {
        SimDomain domain = await SimDomain.CreateAsync(this, domid, name ?? $"guest{domid}", classic, console);
        lock (_domains)
        {
            _domains.Add(domain);
        }

        return domain;
    }

    /// <summary>Runs a command of simxen's that must succeed.</summary>
    public async Task<string> CommandAsync(params string[] arguments)
    {
        ChildResult result = await Machine.CommandAsync(Cancel, arguments);
        Assert.True(result.ExitCode == 0, $"simxen {string.Join(' ', arguments)}: {result.Error}");
        return result.Output;
    }

    /// <summary>How often this process has memory of a domain mapped, the test's own guests included.</summary>
    public int MappingsOf(uint domid)
        => File.ReadLines("/proc/self/maps")
            .Count(line => line.Contains($"{Machine.State}/dom-{domid}-", StringComparison.Ordinal));

    /// <summary>Turns the loop until something holds.</summary>
    public void Until(Func<bool> holds, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Cancel.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(start) > s_deadline)
            {
                Assert.Fail($"waited in vain: {what}\n{string.Join('\n', Sink.Reports)}\n{Log.Text}");
            }

            Loop.RunOnce(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>
    /// Turns the loop until everything that was written to xenstore before has been seen, which a mark written now tells.
    /// </summary>
    public async Task SettleAsync()
    {
        // Its own domain appears after all that came before it in the one queue of watch events; a second look of
        // the adapter at a domain that it has just looked at comes later, and is waited for too.
        uint mark = 9000 + (uint)_domains.Count;
        await CreateDomainAsync(mark);
        Until(() => Sink.Living.ContainsKey(mark), "the mark's appearance");
        TimeSpan pause = TimeSpan.FromMilliseconds(60);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < pause)
        {
            Loop.RunOnce(pause - Stopwatch.GetElapsedTime(start));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Sink.Dispose();
        _hypervisor?.Dispose();
        Loop.Dispose();
        foreach (IAsyncDisposable domain in _domains)
        {
            await domain.DisposeAsync();
        }

        await Machine.DisposeAsync();
    }

    private static void SkipWithoutCompiler()
    {
        bool built;
        try
        {
            built = Executables.Simxen.Length > 0;
        }
        catch (FileNotFoundException)
        {
            built = false;
        }

        Assert.SkipWhen(
            !built && !(File.Exists("/usr/bin/gcc") && File.Exists("/usr/bin/make")),
            "the simulated Xen is not built, and there is no gcc or make to build it");
    }
}
