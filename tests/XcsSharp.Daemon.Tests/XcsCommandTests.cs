using Mono.Unix.Native;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary><c>xcs</c>, the command line of 2005 (spec sections 1 and 6).</summary>
public sealed class XcsCommandTests
{
    [Fact]
    public async Task It_returns_when_it_serves_and_sigterm_ends_it_with_its_pid_file()
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);

        ChildResult started = await xcs.RunAsync();

        Assert.Equal((0, "", ""), (started.ExitCode, started.Output, started.Error));
        Assert.Matches("^[0-9]+$", File.ReadAllText(xcs.PidFile));
        Assert.DoesNotContain('\n', File.ReadAllText(xcs.PidFile));

        // xend's probe, connect and close. It would try ten times; once is enough, and all ten are answered too.
        for (int i = 0; i < 10; i++)
        {
            (await RecordSocket.ConnectAsync(places.Classic, Lab.Cancel)).Dispose();
        }

        using RecordSubscriber client = await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel);
        Assert.Equal(0, Syscall.kill(xcs.Pid, Signum.SIGTERM));
        await client.Control.WaitForEndAsync(Lab.Cancel);
        Assert.False(File.Exists(xcs.PidFile));
    }

    [Fact]
    public async Task Xend_starts_it_and_serves_a_guest_through_it()
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);
        await using GuestProgram guest = GuestProgram.Start(
            places.Machine, new GuestOptions("dom", 7, Classic: true, Announced: false), ["console", "--type", "1"]);
        Assert.Equal(0, (await xcs.RunAsync()).ExitCode);

        using RecordSubscriber xend = await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel);
        XcsRecord open = new() { Type = RecordType.OpenInterface, InterfaceDomain = 7, InterfaceRemotePort = 1 };
        XcsRecord opened = await xend.Control.AskAsync(open, Lab.Cancel);
        while (opened.Result != RecordResult.Ok)
        {
            // The guest is a process that is just being started.
            opened = await xend.Control.AskAsync(open, Lab.Cancel);
        }

        await xend.BindAsync(Lab.Cancel, opened.InterfaceLocalPort);
        await guest.WriteAsync("hello", Lab.Cancel);
        XcsRecord request = await xend.ReceiveAsync(RecordType.Request, Lab.Cancel);
        Assert.Equal("hello"u8.ToArray(), request.Message.Data.ToArray());
    }

    [Fact]
    public async Task It_leaves_its_terminal_and_writes_a_log()
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);
        Assert.Equal(0, (await xcs.RunAsync()).ExitCode);

        // Fields of /proc/PID/stat behind the name: state, parent, group, session, terminal.
        string stat = File.ReadAllText($"/proc/{xcs.Pid}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        Assert.Equal((xcs.Pid.ToString(System.Globalization.CultureInfo.InvariantCulture), "0"), (fields[3], fields[4]));
        Assert.Equal("/", Link(xcs.Pid, "cwd"));
        Assert.Equal("/dev/null", Link(xcs.Pid, "fd/0"));
        Assert.Equal("/dev/null", Link(xcs.Pid, "fd/1"));
        Assert.Equal(xcs.LogFile, Link(xcs.Pid, "fd/2"));

        // B6: the original made its log without a mode, and the first client became its stderr.
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(xcs.LogFile));
        using RecordSubscriber client = await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel);
        _ = Syscall.kill(xcs.Pid, Signum.SIGTERM);
        await client.Control.WaitForEndAsync(Lab.Cancel);

        // Lines are written by a thread of their own, and the daemon is no child whose end could be awaited.
        while (!File.ReadAllText(xcs.LogFile).Contains("Stopped as asked", StringComparison.Ordinal))
        {
            await Task.Delay(10, Lab.Cancel);
        }

        Assert.Contains("serves 0 domains of sim", File.ReadAllText(xcs.LogFile), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Signum.SIGTERM)]
    [InlineData(Signum.SIGINT)]
    [InlineData(Signum.SIGHUP)]
    public async Task In_the_foreground_each_of_the_three_signals_ends_it_well_and_removes_the_pid_file(Signum signal)
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);
        await using ChildProcess process = ChildProcess.Start(
            Executables.Xcs, [$"-ip{xcs.PidFile}"], new() { Name = "xcs -i", Environment = xcs.Environment() });
        await process.Error.WaitForTextAsync("serves 0 domains", Lab.Cancel);
        await AnsweredAsync(places);
        Assert.Equal(process.Id, xcs.Pid);

        process.Signal(signal);

        Assert.Equal(0, await process.WaitAsync(Lab.Cancel));
        Assert.False(File.Exists(xcs.PidFile));
        Assert.False(File.Exists(places.Classic));
    }

    [Fact]
    public async Task A_second_one_refuses_and_leaves_the_first_one_and_its_pid_file()
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);
        Assert.Equal(0, (await xcs.RunAsync()).ExitCode);
        int pid = xcs.Pid;

        ChildResult second = await xcs.RunAsync();

        Assert.Equal(3, second.ExitCode);
        Assert.Contains("another daemon serves", second.Error, StringComparison.Ordinal);
        Assert.Equal(2, second.Error.Count(letter => letter == '\n'));
        Assert.Equal(pid, xcs.Pid);
        using RecordSubscriber client = await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel);
    }

    [Fact]
    public async Task A_pid_file_of_another_is_not_removed()
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);
        await using ChildProcess process = ChildProcess.Start(
            Executables.Xcs, ["-i", "-p", xcs.PidFile], new() { Name = "xcs -i", Environment = xcs.Environment() });
        await process.Error.WaitForTextAsync("serves 0 domains", Lab.Cancel);
        await AnsweredAsync(places);
        File.WriteAllText(xcs.PidFile, "1");

        process.Signal(Signum.SIGTERM);

        Assert.Equal(0, await process.WaitAsync(Lab.Cancel));
        Assert.Equal("1", File.ReadAllText(xcs.PidFile));
    }

    [Theory]
    [InlineData("a pid file", "-p", "/proc/no/such/file")]
    [InlineData("a machine", "", "", "--Hypervisor:SimMachine=/nonexistent")]
    [InlineData("a log", "", "", "--Xcs:LogFile=/proc/no/such/file")]
    public async Task What_keeps_it_from_serving_is_said_by_the_command_and_nothing_stays(
        string what, string option, string file, params string[] settings)
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);

        ChildResult result = await xcs.RunAsync(option.Length > 0 ? [option, file] : [], settings);

        Assert.True(result.ExitCode == 3, $"{what}: exit {result.ExitCode}: {result.Error}");
        string[] lines = result.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("xcs: ", line, StringComparison.Ordinal));
        Assert.Contains(file.Length > 0 ? file : settings[0].Split('=')[1], lines[0], StringComparison.Ordinal);
        Assert.False(File.Exists(places.Classic));
    }

    [Theory]
    [InlineData("unknown argument '-x'", "-x")]
    [InlineData("unknown argument 'start'", "start")]
    [InlineData("-p has no file", "-i", "-p")]
    [InlineData("Sockets:Classic is empty", "-i")]
    public async Task Wrong_arguments_and_settings_end_it_with_what_is_right(string message, params string[] arguments)
    {
        DaemonPlaces places = new(await SimMachine.StartAsync(Lab.Cancel));
        await using DetachedXcs xcs = new(places);

        ChildResult result = await xcs.RunAsync(arguments, ["--Sockets:Classic="]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    /// <summary>Waits for a reply: the loop turns only after the pid file is written, and the log's line comes before.</summary>
    private static async Task AnsweredAsync(DaemonPlaces places)
        => (await RecordSubscriber.ConnectAsync(places.Classic, Lab.Cancel)).Dispose();

    private static string? Link(int pid, string name) => File.ResolveLinkTarget($"/proc/{pid}/{name}", false)?.FullName;
}
