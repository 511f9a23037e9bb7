using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>What a console costs that has printed nothing: most of a thousand print nothing for days.</summary>
[CollectionDefinition(nameof(ConsoleMemoryTests), DisableParallelization = true)]
[Collection(nameof(ConsoleMemoryTests))]
public sealed class ConsoleMemoryTests
{
    private const int Consoles = 200;

    /// <summary>Live bytes of a played guest, its channel, console, terminal and log together; a quarter more than was measured.</summary>
    private const int Most = 5500;

    [Fact]
    public void A_console_that_has_printed_nothing_takes_little_memory()
    {
        using ConsoleRig rig = new(
            options =>
            {
                options.TerminalOutput = OutputLevel.Safe;
                options.LogOutput = OutputLevel.Safe;
            },
            logs: true);

        // The first one makes what all share.
        _ = rig.AddConsole(1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (uint domid = 2; domid < 2 + Consoles; domid++)
        {
            _ = rig.Hypervisor.AddGuest(domid);
        }

        rig.RunIdle();
        Assert.Equal(1 + Consoles, rig.Consoles.Consoles.Count);
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Consoles;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes a console");
        Assert.InRange(each, 1, Most);
        GC.KeepAlive(rig);
    }
}
