using System.Text.Json;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The real xcsctl against the real daemon; its console on a real terminal.</summary>
public sealed class XcsctlTests
{
    private const string Escape = "\x1d";

    [Fact]
    public async Task List_shows_every_guest_for_people_and_as_json()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram _, uint web) = await lab.ConsoleGuestAsync("web");
        (GuestProgram _, uint legacy) = await lab.ConsoleGuestAsync("legacy", classic: true);

        ChildResult people = await RunAsync(lab, "list");
        Assert.Equal((0, ""), (people.ExitCode, people.Error));
        string[] lines = people.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, line => line.Contains("web", StringComparison.Ordinal) && line.Contains("granted", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("legacy", StringComparison.Ordinal) && line.Contains("classic", StringComparison.Ordinal));

        ChildResult json = await RunAsync(lab, "list", "--json");
        Assert.Equal(0, json.ExitCode);
        DomainList list = JsonSerializer.Deserialize(json.Output, OperatorJson.Default.DomainList)!;
        Assert.Equal([web, legacy], list.Domains.Select(domain => domain.Domid));
    }

    [Fact]
    public async Task Status_shows_the_daemon_for_people_and_as_json()
    {
        await using Lab lab = await Lab.StartAsync();
        ChildResult people = await RunAsync(lab, "status");
        Assert.Equal((0, ""), (people.ExitCode, people.Error));
        Assert.Contains($"{lab.Daemon.Pid}", people.Output, StringComparison.Ordinal);

        ChildResult json = await RunAsync(lab, "status", "--json");
        Assert.Equal(0, json.ExitCode);
        DaemonStatus status = JsonSerializer.Deserialize(json.Output, OperatorJson.Default.DaemonStatus)!;
        Assert.Equal((lab.Daemon.Pid, "sim"), (status.Pid, status.Backend));
    }

    [Fact]
    public async Task Status_counts_guests_and_not_the_hypervisor_that_list_shows()
    {
        await using Lab lab = await Lab.StartAsync("--Consoles:HypervisorLog=on");
        await lab.ConsoleGuestAsync("web");

        Assert.Equal(["web", "xen"], (await lab.ListAsync()).Domains.Select(domain => domain.Name));
        Assert.Equal(1, (await lab.StatusAsync()).Domains);
        Assert.Contains("serves 0 domains of sim", lab.Daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_shows_output_passes_keys_and_ends_at_the_escape_wherever_it_stands()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await using TerminalProgram terminal = StartConsole(lab, "web");
        await AttachedAsync(lab, guest, terminal);

        // Keys that a terminal in its usual mode would keep for itself.
        await terminal.TypeAsync("one\r\x03\x04\x1a", Lab.Cancel);
        await guest.Output.WaitForTextAsync("one\r\x03\x04\x1a", Lab.Cancel);

        await terminal.TypeAsync($"before{Escape}.behind", Lab.Cancel);
        Assert.Equal(0, await terminal.WaitAsync(Lab.Cancel));
        await guest.Output.WaitForTextAsync("before", Lab.Cancel);
        await guest.WriteAsync("end\n", Lab.Cancel);
        Assert.DoesNotContain("behind", guest.Output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Console_that_is_for_one_life_ends_when_the_guest_goes()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await using TerminalProgram terminal = StartConsole(lab, "web", "--once");
        await AttachedAsync(lab, guest, terminal);

        await guest.Kill9Async(Lab.Cancel);

        await terminal.WaitAsync(Lab.Cancel);
    }

    [Fact]
    public async Task Console_of_a_guest_that_has_ended_says_that_it_waits_and_how_to_leave()
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await using TerminalProgram terminal = StartConsole(lab, "web");
        await AttachedAsync(lab, guest, terminal);

        await guest.Kill9Async(Lab.Cancel);

        await terminal.Screen.WaitForTextAsync("[web has ended; waiting up to 600 s for it to start anew; ^] . leaves]", Lab.Cancel);
        await terminal.TypeAsync($"{Escape}.", Lab.Cancel);
        Assert.Equal(0, await terminal.WaitAsync(Lab.Cancel));
    }

    [Fact]
    public async Task Console_of_an_unknown_domain_fails_and_says_how_to_find_the_right_name()
    {
        await using Lab lab = await Lab.StartAsync();
        ChildResult result = await RunAsync(lab, "console", "nobody");
        Lab.Print(result.Error);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("nobody", result.Error, StringComparison.Ordinal);
        Assert.Contains("xcsctl list", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_daemon_it_says_so_and_names_the_socket()
    {
        using PrivateDirectory nowhere = new("x");
        ChildResult result = await ChildProcess.RunAsync(
            Executables.Cli, ["--socket", nowhere["console.sock"], "list"], Lab.Cancel);
        Lab.Print(result.Error);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(nowhere["console.sock"], result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private static Task<ChildResult> RunAsync(Lab lab, params string[] arguments)
        => ChildProcess.RunAsync(Executables.Cli, ["--socket", lab.Places.Console, .. arguments], Lab.Cancel);

    private static TerminalProgram StartConsole(Lab lab, params string[] domain)
        => TerminalProgram.Start(Executables.Cli, ["--socket", lab.Places.Console, "console", .. domain]);

    /// <summary>Waits until the terminal shows what the guest prints: from then on keys are the guest's.</summary>
    private static async Task AttachedAsync(Lab lab, GuestProgram guest, TerminalProgram terminal)
    {
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => list.Domains.Single().Viewers == 1, "the viewer", Lab.Cancel);
        await guest.WriteAsync("welcome\n", Lab.Cancel);
        await terminal.Screen.WaitForTextAsync("welcome\n", Lab.Cancel);
    }
}
