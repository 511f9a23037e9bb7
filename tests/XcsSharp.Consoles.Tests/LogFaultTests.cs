using System.Text;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>A log whose disk is full, hangs or has something else in the file's place; its console goes on.</summary>
[Collection("logs")]
public sealed class LogFaultTests
{
    private const string ThreadName = "xcsd-logs";
    private const int Backlog = 16 * 1024;

    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());
    private readonly ListLog _log = new();

    public LogFaultTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void D03_A_full_disk_stops_the_log_alone_is_told_once_and_the_gap_is_marked_and_counted()
    {
        const int Length = 200_000;
        using var place = new PrivateDirectory("full");
        using SmallFileSystem? small = SmallFileSystem.TryMount(place["small"], 256 * 1024);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(
            options =>
            {
                options.HistoryBytes = Backlog;
                options.LogDirectory = small.Path;
            },
            clock,
            log: _log);
        var (_, program, console) = rig.AddConsole();
        TestClient viewer = rig.Attach();
        small.Fill();

        var seen = new StreamVerifier("viewer", _stream, Length + 10);
        program.Write(_stream.Take(0, Length));
        rig.RunUntil(() => { clock.Advance(TimeSpan.FromMilliseconds(16)); seen.Accept(viewer.Receive()); return seen.Position == Length; }, "the viewer's bytes");
        rig.RunUntil(() => _log.Warnings.Length > 0 && rig.Consoles.Logs!.Appender.IsIdle, "the failure");
        for (int i = 0; i < 10; i++)
        {
            // Tried again and again, and not a word more; nor sooner than said.
            Advance(rig, clock, TimeSpan.FromSeconds(30));
        }

        string warning = Assert.Single(_log.Warnings);
        Assert.Contains("ENOSPC", warning, StringComparison.Ordinal);
        Assert.Contains(console.LogPath!, warning, StringComparison.Ordinal);
        Assert.Equal(0UL, console.BytesLogged);
        Assert.Equal((ulong)(Length - Backlog), console.BytesNotLogged);

        small.Empty();
        rig.RunIdle();
        Assert.False(File.Exists(console.LogPath) && new FileInfo(console.LogPath).Length > 0, "written before its time");
        Advance(rig, clock, TimeSpan.FromSeconds(30));
        rig.RunUntil(() => console.BytesLogged == Backlog, "the log to go on");
        rig.Write(program, _stream.Take(Length, 10));
        Advance(rig, clock, TimeSpan.FromMilliseconds(100));
        rig.RunUntil(() => console.BytesLogged == Backlog + 10, "the log to go on");

        string mark = FormattableString.Invariant($"\r\n[gap: {Length - Backlog:N0} bytes]\r\n");
        Assert.Equal(
            [.. Encoding.ASCII.GetBytes(mark), .. _stream.Take(Length - Backlog, Backlog + 10)],
            File.ReadAllBytes(console.LogPath!));
        Assert.Equal(console.BytesOut, console.BytesLogged + console.BytesNotLogged);
        Assert.Single(_log.Warnings);
        Assert.Contains($"{Length - Backlog}", Assert.Single(_log.Notes), StringComparison.Ordinal);
        seen.Accept(viewer.Receive());
        Assert.Equal(Length + 10, seen.Position);
    }

    [Fact]
    public void A_disk_that_becomes_full_in_the_middle_of_a_write_loses_nothing_that_the_backlog_has()
    {
        const int Length = 60_000;
        using var place = new PrivateDirectory("full");
        using SmallFileSystem? small = SmallFileSystem.TryMount(place["small"], 40 * 1024);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        File.WriteAllBytes(Path.Combine(small.Path, "other"), new byte[8 * 1024]);
        using var rig = new ConsoleRig(options => options.LogDirectory = small.Path, log: _log);
        var (_, program, console) = rig.AddConsole();
        rig.Write(program, _stream.Take(0, Length));
        rig.RunUntil(() => _log.Warnings.Length == 1, "the failure");
        Assert.InRange(console.BytesLogged, 1UL, 40UL * 1024);
        Assert.Equal(0UL, console.BytesNotLogged);

        File.Delete(Path.Combine(small.Path, "other"));
        using SmallFileSystem? larger = SmallFileSystem.TryMount(place["small"], 256 * 1024);
        Assert.NotNull(larger);
        rig.RunUntil(() => console.BytesLogged == Length, "the log to go on");

        // On another file system by now: what the first one has is the beginning.
        byte[] rest = File.ReadAllBytes(console.LogPath!);
        Assert.Equal(_stream.Take(Length - rest.Length, rest.Length), rest);
        Assert.Equal(0UL, console.BytesNotLogged);
        Assert.Single(_log.Warnings);
    }

    [Fact]
    public async Task D03_A_disk_that_hangs_delays_no_answer_and_what_it_was_too_slow_for_is_a_gap()
    {
        const int Length = 200_000;
        using var rig = new ConsoleRig(options => options.HistoryBytes = Backlog, logs: true, log: _log);
        var (_, program, console) = rig.AddConsole();
        var (_, other, _) = rig.AddConsole(2);
        TestClient viewer = rig.Attach("2");
        await using (HeldThread? held = await HeldThread.HoldAsync(
            Environment.ProcessId, ThreadName, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            rig.Write(program, _stream.Take(0, Length));
            Assert.Equal((Length + 59) / 60, program.Responses);
            Assert.Equal(0UL, console.BytesLogged);

            rig.Write(other, "another guest\n"u8.ToArray());
            Assert.Equal("another guest", rig.ReadLine(viewer));
        }

        rig.RunUntil(() => console.BytesLogged + console.BytesNotLogged == Length, "the disk to go on");
        byte[] got = File.ReadAllBytes(console.LogPath!);
        string mark = FormattableString.Invariant($"\r\n[gap: {console.BytesNotLogged:N0} bytes]\r\n");
        int before = got.Length - mark.Length - Backlog;
        Assert.InRange(before, 1, 64 * 1024);
        Assert.Equal(
            [.. _stream.Take(0, before), .. Encoding.ASCII.GetBytes(mark), .. _stream.Take(Length - Backlog, Backlog)], got);
        Assert.Empty(_log.Warnings);
    }

    [Fact]
    public async Task A_successor_writes_nothing_before_its_predecessors_last_byte()
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, logs: true);
        await using (HeldThread? held = await HeldThread.HoldAsync(
            Environment.ProcessId, ThreadName, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            for (uint life = 1; life <= 3; life++)
            {
                var (guest, program, _) = rig.AddConsole(life, "web");
                rig.Write(program, _stream.Take((life - 1) * 150_000, 150_000));
                guest.Destroy();
                rig.RunIdle();
            }

            // A life in between that goes by another name in the end, and leaves its place in the line.
            var (renamed, other, _) = rig.AddConsole(4, "web");
            renamed.Rename("elsewhere");
            rig.Write(other, "elsewhere"u8.ToArray());
            var (_, last, _) = rig.AddConsole(5, "web");
            rig.Write(last, _stream.Take(450_000, 150_000));
            Assert.Equal(3, rig.Consoles.Ending);
        }

        rig.RunUntil(() => rig.Console(5).BytesLogged == 150_000 && rig.Console(4).BytesLogged == 9, "the last byte");
        Assert.Equal(_stream.Take(0, 600_000), File.ReadAllBytes(rig.LogFile("guest-web.log")));
        Assert.Equal("elsewhere", File.ReadAllText(rig.LogFile("guest-elsewhere.log")));
        Assert.Equal(0, rig.Consoles.Ending);
    }

    [Fact]
    public async Task A_disk_that_hangs_keeps_a_dead_console_for_the_linger_time_and_no_longer()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, clock, logs: true, log: _log);
        var (guest, program, console) = rig.AddConsole(1, "web");
        await using HeldThread? held = await HeldThread.HoldAsync(
            Environment.ProcessId, ThreadName, TestContext.Current.CancellationToken);
        Assert.SkipWhen(held is null, HeldThread.Refused);
        rig.Write(program, _stream.Take(0, 100_000));
        guest.Destroy();
        rig.RunIdle();
        clock.Advance(TimeSpan.FromSeconds(29));
        rig.RunIdle();
        Assert.Equal(1, rig.Consoles.Ending);

        clock.Advance(TimeSpan.FromSeconds(2));
        rig.RunIdle();
        Assert.Equal(0, rig.Consoles.Ending);
        string warning = Assert.Single(_log.Warnings);
        Assert.Contains("100000 bytes", warning, StringComparison.Ordinal);
        Assert.Contains(console.LogPath!, warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_symbolic_link_in_the_files_place_stops_the_log_and_is_not_followed()
    {
        using var rig = new ConsoleRig(logs: true, log: _log);
        using var place = new PrivateDirectory("victim");
        File.WriteAllText(place["victim"], "untouched");
        File.CreateSymbolicLink(rig.LogFile("guest-web.log"), place["victim"]);
        var (_, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, "hello"u8.ToArray());
        rig.RunUntil(() => _log.Warnings.Length == 1, "the failure");
        Assert.Equal("untouched", File.ReadAllText(place["victim"]));

        // It goes on by itself, a second later, and at once when it is told.
        File.Delete(rig.LogFile("guest-web.log"));
        rig.RunUntil(() => console.BytesLogged == 5, "the log to go on");
        Assert.Equal("hello", File.ReadAllText(rig.LogFile("guest-web.log")));
    }

    [Fact]
    public void A_log_that_failed_is_tried_at_once_when_it_is_told_to_open_its_file_again()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(clock: clock, logs: true, log: _log);
        Directory.CreateDirectory(rig.LogFile("guest-web.log"));
        var (_, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, "hello"u8.ToArray());
        rig.RunUntil(() => _log.Warnings.Length == 1, "the failure");
        Directory.Delete(rig.LogFile("guest-web.log"));
        rig.Consoles.ReopenLogs();
        rig.RunUntil(() => console.BytesLogged == 5, "the log to go on");
    }

    [Fact]
    public void A_log_that_failed_and_has_nothing_to_write_is_not_tried()
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = 4096, logs: true, log: _log);
        var (_, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, "hello"u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 5, "the log");
        Directory.Delete(rig.LogFile(""), recursive: true);
        rig.Consoles.ReopenLogs();
        rig.RunUntil(() => rig.Consoles.Logs!.Appender.IsIdle, "the failure");
        rig.RunIdle();
        ulong turns = rig.Loop.Turns;
        Assert.False(rig.Loop.RunOnce(TimeSpan.FromMilliseconds(1100)));
        Assert.InRange(rig.Loop.Turns - turns, 0UL, 1UL);
        Assert.Empty(_log.Warnings);
    }

    private static void Advance(ConsoleRig rig, FakeTimeProvider clock, TimeSpan time)
    {
        clock.Advance(time);
        rig.RunIdle();
        rig.RunUntil(() => rig.Consoles.Logs!.Appender.IsIdle, "the disk");
        rig.RunIdle();
    }
}
