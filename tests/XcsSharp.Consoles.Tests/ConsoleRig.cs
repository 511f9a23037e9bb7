using System.Diagnostics;

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>
/// A switch with the console handler and the console socket, over played guests. The test's own thread turns the loop, so
/// nothing runs between two lines of a test; ptys and sockets are real.
/// </summary>
internal sealed class ConsoleRig : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(20);

    private readonly PrivateDirectory _place = new("consoles");
    private readonly UnixListener _listener;
    private readonly List<TestClient> _clients = [];

    public ConsoleRig(
        Action<ConsoleOptions>? configure = null,
        TimeProvider? clock = null,
        Func<DaemonStatus>? status = null,
        bool logs = false,
        ILogger<ConsoleHandler>? log = null,
        KeptTerminals? terminals = null,
        HandedConsoles? handed = null,
        ILogger? operatorLog = null)
    {
        Loop = new EventLoop(clock);
        Hypervisor = new FakeHypervisor(Loop.Post);
        Switch = new ControlSwitch(Loop, Hypervisor, new SwitchOptions(), NullLogger<ControlSwitch>.Instance);
        var options = new ConsoleOptions
        {
            PtyDirectory = _place["pty"],
            LogDirectory = logs ? _place["log"] : null,

            // Room for what these tests print, and the newest of it only; the tests of histories ask for the first of it too.
            BootBytes = 0,
            HistoryBytes = 1 << 20,

            // Bytes of every kind are compared; the tests of the filter ask for it.
            TerminalOutput = OutputLevel.Raw,
            LogOutput = OutputLevel.Raw,
        };
        configure?.Invoke(options);
        Consoles = new ConsoleHandler(Loop, Switch, options, log ?? NullLogger<ConsoleHandler>.Instance, terminals, handed);
        Operators = new OperatorListener(
            Loop, Switch, Consoles, status ?? (() => throw new NotSupportedException()), operatorLog ?? NullLogger.Instance);
        _listener = UnixListener.Bind(Loop, _place["console.sock"], Convert.ToInt32("600", 8), Operators.Accept);
        Switch.Start();
    }

    public EventLoop Loop { get; }

    public FakeHypervisor Hypervisor { get; }

    public ControlSwitch Switch { get; }

    public ConsoleHandler Consoles { get; }

    public OperatorListener Operators { get; }

    public string Link(string name) => _place["pty/" + name];

    /// <summary>A path in the directory of logs.</summary>
    public string LogFile(string name) => _place["log/" + name];

    public GuestConsole Console(uint domid = 1) => Consoles.Find(Switch.FindByDomid(domid)!)!;

    /// <summary>A guest with a console driver, and its console.</summary>
    public (FakeGuest Guest, ConsoleProgram Program, GuestConsole Console) AddConsole(uint domid = 1, string? name = null, Guid? uuid = null)
    {
        FakeGuest guest = Hypervisor.AddGuest(domid, name, uuid);
        var program = new ConsoleProgram(guest);
        RunIdle();
        return (guest, program, Console(domid));
    }

    /// <summary>A console ring of a guest, which is made if it does not exist, with its driver and its console.</summary>
    public (FakeGuest Guest, FakeConsole Ring, RingProgram Program, GuestConsole Console) AddRing(
        uint domid = 1, string? name = null, FakeGuest? guest = null, int number = 0, long? historyWish = null)
    {
        guest ??= Hypervisor.AddDomain(domid, name);
        FakeConsole ring = guest.AddConsole(number, historyWish: historyWish);
        var program = new RingProgram(ring);
        RunIdle();
        return (guest, ring, program, Consoles.Find(new ConsoleId(Switch.FindByDomid(guest.Domid)!, number))!);
    }

    /// <summary>The answer to LIST, without the way over the socket.</summary>
    public DomainList List() => DomainListing.Build(Switch.Domains, Consoles);

    public TestClient Connect(int? receiveBuffer = null)
    {
        var client = new TestClient(_place["console.sock"], receiveBuffer);
        _clients.Add(client);
        return client;
    }

    /// <summary>A viewer whose OK line was read; its output is what comes from here on.</summary>
    public TestClient Attach(string request = "1", int? receiveBuffer = null)
    {
        TestClient client = Connect(receiveBuffer);
        client.Send($"ATTACH {request}\n");
        string reply = ReadLine(client);
        Assert.StartsWith("OK ", reply, StringComparison.Ordinal);
        return client;
    }

    /// <summary>Reads one line of a client, and not a byte more.</summary>
    public string ReadLine(TestClient client)
    {
        string? line = null;
        RunUntil(() => (line = client.TryReadLine()) is not null || client.IsEnded, "a line");
        return line ?? "";
    }

    /// <summary>Turns the loop until the condition holds.</summary>
    /// <exception cref="TimeoutException">It does not.</exception>
    public void RunUntil(Func<bool> condition, string wanted, TimeSpan? deadline = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > (deadline ?? s_deadline))
            {
                throw new TimeoutException($"waited in vain for {wanted}");
            }

            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();

            // The other ends are plain sockets that nobody announces to this thread: look again soon.
            _ = Loop.RunOnce(TimeSpan.FromMilliseconds(2));
        }
    }

    /// <summary>Waits for another thread, and does not turn the loop.</summary>
    public void SpinUntil(Func<bool> condition, string wanted)
        => Assert.True(SpinWait.SpinUntil(condition, s_deadline), $"waited in vain for {wanted}");

    /// <summary>Turns the loop until it has nothing to do.</summary>
    public void RunIdle()
    {
        long start = Stopwatch.GetTimestamp();
        while (Loop.RunOnce(TimeSpan.Zero))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < s_deadline, "the loop never comes to rest");
        }
    }

    /// <summary>Has the guest write all of it, however often the ring fills.</summary>
    public void Write(ConsoleProgram program, ReadOnlyMemory<byte> output)
    {
        program.Write(output);
        RunUntil(() => program.Unsent == 0, "the guest's output to go");
        RunIdle();
    }

    /// <inheritdoc cref="Write(ConsoleProgram, ReadOnlyMemory{byte})"/>
    public void Write(RingProgram program, ReadOnlyMemory<byte> output)
    {
        program.Write(output);
        RunUntil(() => program.Unsent == 0, "the guest's output to go");
        RunIdle();
    }

    public void Dispose()
    {
        foreach (TestClient client in _clients)
        {
            client.Dispose();
        }

        Operators.Dispose();
        Consoles.Dispose();
        _listener.Dispose();
        Switch.Dispose();
        Loop.Dispose();
        _place.Dispose();
    }
}
