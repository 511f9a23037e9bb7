using System.Text;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class ConsolePtyTests
{
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public ConsolePtyTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void A_domain_has_its_terminal_from_the_moment_its_channel_opens()
    {
        using var rig = new ConsoleRig();
        FakeGuest guest = rig.Hypervisor.AddDomain(1, "web");
        rig.RunIdle();
        Assert.False(Path.Exists(rig.Link("web")));

        guest.Publish();
        rig.RunIdle();
        Assert.Equal(rig.Link("web"), rig.Console().PtyLink);
        Assert.Equal(rig.Console().PtyDevice, Target(rig.Link("web")));
        Assert.StartsWith("/dev/pts/", rig.Console().PtyDevice, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_follow_the_domains_and_a_name_that_could_do_harm_is_not_used()
    {
        using var rig = new ConsoleRig();
        FakeGuest first = rig.AddConsole(1, "web").Guest;
        _ = rig.AddConsole(2, "web");
        _ = rig.AddConsole(3, "../../etc/passwd");

        Assert.Equal(["domain-3", "web", "web.2"], Names(rig));
        first.Destroy();
        rig.RunIdle();
        Assert.Equal(["domain-3", "web.2"], Names(rig));
        _ = rig.AddConsole(4, "web");
        Assert.Equal(["domain-3", "web", "web.2"], Names(rig));
        Assert.Equal(rig.Console(4).PtyDevice, Target(rig.Link("web")));

        rig.Consoles.Dispose();
        Assert.Empty(Names(rig));
    }

    [Fact]
    public void A_domain_that_is_renamed_is_linked_by_its_new_name()
    {
        using var rig = new ConsoleRig();
        FakeGuest guest = rig.AddConsole(1, "web--incoming").Guest;
        guest.Rename("web");
        Assert.Equal(["web"], Names(rig));
        Assert.Equal(rig.Console().PtyDevice, Target(rig.Link("web")));

        guest.Rename("web/..");
        Assert.Equal(["domain-1"], Names(rig));
        Assert.Equal(rig.Link("domain-1"), rig.Console().PtyLink);
    }

    [Fact]
    public void Without_a_directory_there_are_no_terminals_and_viewers_work()
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null);
        var (_, program, console) = rig.AddConsole();
        Assert.Null(console.PtyDevice);
        TestClient viewer = rig.Attach();
        rig.Write(program, "hello"u8.ToArray());
        Assert.Equal("hello"u8, viewer.Receive());
    }

    [Fact]
    public void A_terminal_that_is_hung_up_is_replaced_and_output_goes_on_where_it_was()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        string first = console.PtyDevice!;
        var got = new StreamVerifier("pty", _stream, 100_000);
        using (var pty = PtyTerminal.Open(rig.Link("guest-1"), got.Accept))
        {
            program.Write(_stream.Take(0, 50_000));
            rig.RunUntil(() => got.Position == 50_000 || got.Problem is not null, "the first half");

            HangUps.HangUp(first);
            rig.RunUntil(() => pty.Ended.IsCompleted, "the hang-up");
        }

        rig.RunUntil(() => console.PtysOpened == 2, "another terminal");
        Assert.Equal(console.PtyDevice, Target(rig.Link("guest-1")));
        using var again = PtyTerminal.Open(rig.Link("guest-1"), got.Accept);
        program.Write(_stream.Take(50_000, 50_000));
        rig.RunUntil(() => got.Finished.IsCompleted, $"the second half, {got.Missing} bytes missing");
        got.Check();
        Assert.Equal(0UL, console.BytesDropped);
    }

    [Fact]
    public void Output_that_a_hung_up_terminal_had_not_taken_is_in_the_next_one()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();

        // Far more than a terminal takes: the rest stays in the backlog.
        rig.Write(program, _stream.Take(0, 200_000));
        HangUps.HangUp(console.PtyDevice!);
        rig.RunUntil(() => console.PtysOpened == 2, "another terminal");
        var transcript = new Transcript("pty");
        using var pty = PtyTerminal.Open(rig.Link("guest-1"), transcript.Append);
        byte[] end = _stream.Take(199_900, 100);
        rig.RunUntil(() => transcript.ToArray().AsSpan().EndsWith(end), "the end");

        // All but what was in the kernel's hands when the terminal went: a suffix, without a hole.
        byte[] got = transcript.ToArray();
        Assert.InRange(got.Length, 200_000 - (80 * 1024), 200_000);
        Assert.Equal(_stream.Take(200_000 - got.Length, got.Length), got);
    }

    [Fact]
    public void Terminals_that_are_hung_up_again_and_again_are_replaced_once_a_second()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(clock: clock);
        var (_, _, console) = rig.AddConsole();
        clock.Advance(TimeSpan.FromSeconds(2));
        HangUps.HangUp(console.PtyDevice!);
        rig.RunIdle();
        Assert.Equal(2, console.PtysOpened);

        HangUps.HangUp(console.PtyDevice!);
        rig.RunIdle();
        Assert.Null(console.PtyDevice);
        Assert.Empty(Names(rig));
        clock.Advance(TimeSpan.FromMilliseconds(999));
        rig.RunIdle();
        Assert.Null(console.PtyDevice);
        clock.Advance(TimeSpan.FromMilliseconds(2));
        rig.RunIdle();
        Assert.Equal(3, console.PtysOpened);
        Assert.Equal(console.PtyDevice, Target(rig.Link("guest-1")));
    }

    [Fact]
    public void Input_works_on_the_terminal_that_replaced_another()
    {
        using var rig = new ConsoleRig();
        var (_, program, console) = rig.AddConsole();
        List<byte> got = [];
        program.Input = bytes => got.AddRange(bytes);
        HangUps.HangUp(console.PtyDevice!);
        rig.RunUntil(() => console.PtysOpened == 2, "another terminal");
        File.WriteAllText(rig.Link("guest-1"), "ls\n");
        rig.RunUntil(() => got.Count == 3, "the input");
        Assert.Equal("ls\n", Encoding.ASCII.GetString([.. got]));
    }

    [Fact]
    public void Links_that_an_earlier_daemon_left_are_gone_when_the_next_is_ready()
    {
        using var place = new PrivateDirectory("stale");
        File.CreateSymbolicLink(place["old"], "/dev/pts/12345");
        using var rig = new ConsoleRig(options => options.PtyDirectory = place.Path);
        Assert.Empty(Directory.GetFileSystemEntries(place.Path));
    }

    private static string[] Names(ConsoleRig rig)
        => [.. Directory.GetFileSystemEntries(rig.Link("")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private static string? Target(string link) => new FileInfo(link).LinkTarget;
}
