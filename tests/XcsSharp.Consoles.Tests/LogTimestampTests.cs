using System.Text;
using System.Text.RegularExpressions;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Logs with time stamps, on real files: several guests, rotation, restarts, full disks.</summary>
[Collection("logs")]
public sealed partial class LogTimestampTests
{
    private const string At = "2026-11-29T08:15:30.000Z ";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 29, 8, 15, 30, TimeSpan.Zero));
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public LogTimestampTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void D02_Lines_of_guests_that_print_by_turns_have_each_their_own_time_and_not_the_writes()
    {
        using ConsoleRig rig = Start();
        var (_, first, web) = rig.AddConsole(1, "web");
        var (_, second, db) = rig.AddConsole(2, "db");
        Print(rig, first, "boot", 0);
        Print(rig, second, "starting", 7);
        Print(rig, first, "ing\n", 7);
        Print(rig, second, "...", 7);
        Print(rig, first, "lo", 7);
        Print(rig, second, "\nready\n", 7);
        Print(rig, first, "gin: ", 1000);
        rig.RunUntil(() => Settle(rig) && web.BytesLogged == web.BytesOut && db.BytesLogged == db.BytesOut, "the logs");

        Assert.Equal(
            At + "booting\n2026-11-29T08:15:30.028Z login: ", File.ReadAllText(rig.LogFile("guest-web.log")));
        Assert.Equal(
            "2026-11-29T08:15:30.007Z starting...\n2026-11-29T08:15:30.035Z ready\n", File.ReadAllText(rig.LogFile("guest-db.log")));
    }

    [Fact]
    public void The_clock_may_be_set_and_stamps_follow_it()
    {
        using ConsoleRig rig = Start();
        var (_, program, console) = rig.AddConsole(1, "web");
        Print(rig, program, "one\n", 0);
        _clock.AdjustTime(new DateTimeOffset(2027, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Print(rig, program, "two\n", 1000);
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == 8, "the log");
        Assert.Equal(At + "one\n2027-01-01T00:00:01.000Z two\n", File.ReadAllText(rig.LogFile("guest-web.log")));
    }

    [Fact]
    public void Full_files_are_cut_where_they_are_full_and_put_together_each_line_has_its_stamp()
    {
        const int Lines = 3000;
        using ConsoleRig rig = Start(options =>
        {
            options.LogBytes = 4096;
            options.LogFiles = 100;
        });
        var (_, program, console) = rig.AddConsole(1, "web");
        StringBuilder expected = new();
        for (int i = 0; i < Lines; i++)
        {
            string line = new string((char)('a' + (i % 26)), _stream.Take(i, 1)[0] % 50) + "\n";
            expected.Append("STAMP ").Append(line);
            Print(rig, program, line, i % 3);
        }

        rig.RunUntil(() => Settle(rig) && console.BytesLogged == console.BytesOut, "the log");
        string[] files = [.. Directory.GetFiles(rig.LogFile("")).OrderByDescending(NumberOf)];
        Assert.InRange(files.Length, 20, 100);
        Assert.All(files[..^1], full => Assert.Equal(4096, new FileInfo(full).Length));
        string all = string.Concat(files.Select(File.ReadAllText));
        Assert.Equal(expected.ToString(), Stamp().Replace(all, "STAMP "));
        string[] stamps = [.. Stamp().Matches(all).Select(static match => match.Value)];
        Assert.Equal(stamps.Order(StringComparer.Ordinal), stamps);

        static int NumberOf(string path)
            => path.EndsWith(".log", StringComparison.Ordinal)
                ? 0
                : int.Parse(Path.GetExtension(path)[1..], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>The next daemon, and the next life of the domain, go on with a line that the one before has begun.</summary>
    [Fact]
    public void A_line_goes_on_over_a_restart_and_a_reboot_and_has_one_stamp()
    {
        using PrivateDirectory place = new("log");
        string[] parts = ["one\ntw", "o\nthr", "ee", "\n", "four\n"];
        foreach (string part in parts)
        {
            using ConsoleRig rig = Start(options => options.LogDirectory = place["log"]);
            var (guest, program, _) = rig.AddConsole(1, "web");
            Print(rig, program, part[..1], 0);
            guest.Destroy();
            (_, program, GuestConsole console) = rig.AddConsole(2, "web");
            Print(rig, program, part[1..], 0);
            rig.RunUntil(() => Settle(rig) && console.BytesLogged == console.BytesOut, "the log");
        }

        Assert.Equal(
            "STAMP one\nSTAMP two\nSTAMP three\nSTAMP four\n",
            Stamp().Replace(File.ReadAllText(place["log/guest-web.log"]), "STAMP "));
    }

    [Fact]
    public void A_disk_that_is_full_in_the_middle_of_a_line_or_of_a_stamp_breaks_none()
    {
        const int Lines = 3000;
        using PrivateDirectory place = new("full");
        using SmallFileSystem? small = SmallFileSystem.TryMount(place["small"], 512 * 1024);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        using ConsoleRig rig = Start(options => options.LogDirectory = small.Path);
        var (_, program, console) = rig.AddConsole(1, "web");
        StringBuilder expected = new();
        for (int i = 0; i < Lines; i++)
        {
            // Pages of 4 KiB end anywhere in lines of 31 bytes and more.
            if (i % 500 == 100)
            {
                small.Fill();
            }

            if (i % 500 == 400)
            {
                small.Empty();
                rig.Consoles.ReopenLogs();
            }

            string line = $"{i % 100:00}: {new string('x', i % 7)}\n";
            expected.Append("STAMP ").Append(line);
            Print(rig, program, line, 1);
        }

        small.Empty();
        rig.Consoles.ReopenLogs();
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == console.BytesOut, "the log");
        Assert.Equal(0UL, console.BytesNotLogged);
        Assert.Equal(expected.ToString(), Stamp().Replace(File.ReadAllText(console.LogPath!), "STAMP "));
    }

    [Fact]
    public void A_gap_has_its_stamp_after_a_disk_that_was_full()
    {
        using PrivateDirectory place = new("full");
        using SmallFileSystem? small = SmallFileSystem.TryMount(place["small"], 256 * 1024);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        ListLog log = new();
        using ConsoleRig rig = Start(
            options =>
            {
                options.LogDirectory = small.Path;
                options.HistoryBytes = 4096;
            },
            log);
        var (_, program, console) = rig.AddConsole(1, "web");
        // Up to the end of the file's page, which it has already.
        string prompt = "login: ".PadRight(4096 - At.Length, 'x');
        Print(rig, program, prompt, 0);
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == (ulong)prompt.Length, "the prompt");
        small.Fill();
        string line = new string('y', 4095) + "\n";
        Print(rig, program, line + line, 1000);
        rig.RunUntil(() => Settle(rig) && console.BytesNotLogged == 4096 && log.Warnings.Length == 1, "the loss");
        small.Empty();
        rig.Consoles.ReopenLogs();
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == (ulong)prompt.Length + 4096, "the log to go on");
        Assert.Equal(
            $"STAMP {prompt}\r\nSTAMP [gap: 4,096 bytes]\r\nSTAMP {line}",
            Stamp().Replace(File.ReadAllText(console.LogPath!), "STAMP "));
    }

    [Fact]
    public void A_file_that_is_removed_underneath_is_made_again_and_the_line_goes_on()
    {
        using ConsoleRig rig = Start();
        var (_, program, console) = rig.AddConsole(1, "web");
        Print(rig, program, "one\ntw", 0);
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == 6, "the log");
        File.Delete(console.LogPath!);
        Print(rig, program, "o\nthree\n", 1000);
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == 14, "the log");
        Assert.EndsWith("Z three\n", File.ReadAllText(console.LogPath!), StringComparison.Ordinal);
        Assert.StartsWith("o\n2026-", File.ReadAllText(console.LogPath!), StringComparison.Ordinal);
    }

    [Fact]
    public void A_domain_that_is_renamed_in_the_middle_of_a_line_has_a_stamp_in_both_files()
    {
        using ConsoleRig rig = Start();
        var (guest, program, console) = rig.AddConsole(1, "web");
        Print(rig, program, "here and", 0);
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == 8, "the log");
        guest.Rename("web2");
        rig.RunIdle();
        Print(rig, program, " there\n", 2000);
        rig.RunUntil(() => Settle(rig) && console.BytesLogged == 15, "the log");
        Assert.Equal(At + "here and", File.ReadAllText(rig.LogFile("guest-web.log")));
        Assert.Equal(At + " there\n", File.ReadAllText(rig.LogFile("guest-web2.log")));
    }

    [Fact]
    public void Stamps_allocate_nothing_per_line()
    {
        using ConsoleRig rig = Start(options => options.HistoryBytes = 64 * 1024);
        var (_, program, console) = rig.AddConsole();
        byte[] output = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("123456789012345678901234567890\n", 200)));
        Flood(50);

        // The least of several: for its first seconds a console's record of times still grows.
        long allocated = Allocations.Least(() => Flood(50));
        Assert.Equal(console.BytesOut, console.BytesLogged);
        Assert.InRange(console.BytesOut, 100UL * (ulong)output.Length, ulong.MaxValue);
        Assert.InRange(allocated, 0, 1000);

        void Flood(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                program.Write(output);
                ulong wanted = console.BytesOut + (ulong)output.Length;
                while (program.Unsent > 0 || console.BytesLogged < wanted)
                {
                    _clock.Advance(TimeSpan.FromMilliseconds(3));
                    _ = rig.Loop.RunOnce(TimeSpan.FromMilliseconds(5));
                }
            }
        }
    }

    private ConsoleRig Start(Action<ConsoleOptions>? configure = null, ListLog? log = null) => new(
        options =>
        {
            options.LogTimestamps = LogTimestamps.Utc;
            options.PtyDirectory = null;
            configure?.Invoke(options);
        },
        _clock,
        logs: true,
        log: log);

    private void Print(ConsoleRig rig, ConsoleProgram program, string text, int after)
    {
        _clock.Advance(TimeSpan.FromMilliseconds(after));
        rig.RunIdle();
        rig.Write(program, Encoding.ASCII.GetBytes(text));
    }

    /// <summary>Lets what gathers be written.</summary>
    private bool Settle(ConsoleRig rig)
    {
        _clock.Advance(TimeSpan.FromMilliseconds(100));
        rig.RunIdle();
        return true;
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")]
    private static partial Regex Stamp();
}
