using System.Globalization;

using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

using XcsSharp.Reactor;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>What the log of a console gets, and when.</summary>
[Collection("logs")]
public sealed class ConsoleLogTests
{
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public ConsoleLogTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    [Fact]
    public void The_log_gets_every_byte_in_order()
    {
        const int Length = 1 << 20;
        using var rig = new ConsoleRig(logs: true);
        var (_, program, console) = rig.AddConsole();
        Assert.Equal(rig.LogFile("guest-guest-1.log"), console.LogPath);
        rig.Write(program, _stream.Take(0, Length));
        rig.RunUntil(() => console.BytesLogged == Length, "the log");
        Assert.Equal(_stream.Take(0, Length), File.ReadAllBytes(console.LogPath!));
        Assert.Equal(0UL, console.BytesNotLogged);
        Assert.Equal("750", Convert.ToString((int)File.GetUnixFileMode(rig.LogFile("")), 8));
    }

    [Fact]
    public void Full_files_are_put_aside_and_no_byte_is_lost_between_them()
    {
        const int Length = 100_000;
        using var rig = new ConsoleRig(
            options =>
            {
                options.LogBytes = 4096;
                options.LogFiles = 100;
            },
            logs: true);
        var (_, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, _stream.Take(0, Length));
        rig.RunUntil(() => console.BytesLogged == Length, "the log");
        string[] files = [.. Directory.GetFiles(rig.LogFile("")).OrderByDescending(NumberOf)];
        Assert.Equal(25, files.Length);
        Assert.All(files[..^1], full => Assert.Equal(4096, new FileInfo(full).Length));
        Assert.Equal(_stream.Take(0, Length), files.SelectMany(File.ReadAllBytes));

        static int NumberOf(string path)
            => path.EndsWith(".log", StringComparison.Ordinal)
                ? 0
                : int.Parse(Path.GetExtension(path)[1..], CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Without_a_directory_there_is_no_log_and_no_thread()
    {
        using var rig = new ConsoleRig();
        Assert.Null(rig.AddConsole().Console.LogPath);
        Assert.Null(rig.Consoles.Logs);
    }

    [Fact]
    public void A_console_that_prints_nothing_has_no_file()
    {
        using var rig = new ConsoleRig(logs: true);
        var (guest, _, _) = rig.AddConsole();
        guest.Destroy();
        rig.RunUntil(() => rig.Consoles.Ending == 0, "the console's end");
        Assert.Empty(Directory.GetFileSystemEntries(rig.LogFile("")));
    }

    [Fact]
    public void The_first_bytes_are_written_at_once_and_what_follows_them_soon_gathers()
    {
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(clock: clock, logs: true);
        var (_, program, console) = rig.AddConsole();
        rig.Write(program, _stream.Take(0, 10));
        rig.RunUntil(() => console.BytesLogged == 10, "the first bytes");

        for (int i = 1; i < 1000; i++)
        {
            rig.Write(program, _stream.Take(i * 10, 10));
        }

        Assert.Equal(10UL, console.BytesLogged);
        Assert.True(rig.Consoles.Logs!.Appender.IsIdle);
        clock.Advance(TimeSpan.FromMilliseconds(100));
        rig.RunUntil(() => console.BytesLogged == 10_000, "the rest");

        // Much is not waited for, but for a flood's last batch, which waits for its window's end.
        rig.Write(program, _stream.Take(10_000, 80 * 1024));
        rig.RunUntil(() => console.BytesLogged >= 10_000 + (64 * 1024), "much");
        clock.Advance(TimeSpan.FromMilliseconds(16));
        rig.RunIdle();
        clock.Advance(TimeSpan.FromMilliseconds(100));
        rig.RunUntil(() => console.BytesLogged == 10_000 + (80 * 1024), "the end of it");
        Assert.Equal(_stream.Take(0, 10_000 + (80 * 1024)), File.ReadAllBytes(console.LogPath!));
    }

    [Fact]
    public void When_nothing_is_printed_nothing_wakes()
    {
        using var rig = new ConsoleRig(logs: true);
        var (_, program, console) = rig.AddConsole();
        rig.Write(program, _stream.Take(0, 100_000));
        rig.RunUntil(() => console.BytesLogged == 100_000, "the log");
        rig.RunIdle();
        ulong turns = rig.Loop.Turns;
        Assert.False(rig.Loop.RunOnce(TimeSpan.FromMilliseconds(100)));
        Assert.InRange(rig.Loop.Turns - turns, 0UL, 1UL);
    }

    [Fact]
    public void Logging_allocates_nothing_per_write()
    {
        using var rig = new ConsoleRig(options => options.HistoryBytes = 64 * 1024, logs: true);
        var (_, program, console) = rig.AddConsole();
        byte[] output = _stream.Take(0, 60 * 100);
        Flood(50);
        long allocated = Allocations.Least(() => Flood(200));
        Assert.Equal(console.BytesOut, console.BytesLogged);
        Assert.InRange(console.BytesOut, 250UL * (ulong)output.Length, ulong.MaxValue);

        // 20,000 messages and 200 writes at least. What is left is the runtime's own, as for the terminal.
        Assert.InRange(allocated, 0, 2000);

        void Flood(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                program.Write(output);
                ulong wanted = console.BytesOut + (ulong)output.Length;
                while (program.Unsent > 0 || console.BytesLogged < wanted)
                {
                    _ = rig.Loop.RunOnce(TimeSpan.FromMilliseconds(5));
                }
            }
        }
    }

    [Fact]
    public void The_last_bytes_of_a_domain_are_written_before_its_console_goes()
    {
        const int Length = 300_000;

        // A clock that stands still: what gathers would gather for ever.
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, new FakeTimeProvider(), logs: true);
        var (guest, program, console) = rig.AddConsole();
        program.Write(_stream.Take(0, Length));
        rig.RunUntil(() => program.Unsent == 0, "the output to go");
        guest.Destroy();
        rig.RunUntil(() => rig.Consoles.Ending == 0, "the console's end");
        Assert.Equal(_stream.Take(0, Length), File.ReadAllBytes(console.LogPath!));
        Assert.Equal((ulong)Length, console.BytesLogged);
    }

    [Fact]
    public void When_the_daemon_ends_what_has_gathered_is_written()
    {
        const int Length = 300_000;
        using var rig = new ConsoleRig(clock: new FakeTimeProvider(), logs: true);
        var (_, program, console) = rig.AddConsole();
        rig.Write(program, _stream.Take(0, Length));
        Assert.True(console.BytesLogged < Length);
        rig.Consoles.Dispose();
        Assert.Equal(_stream.Take(0, Length), File.ReadAllBytes(console.LogPath!));
    }

    [Fact]
    public void The_next_domain_of_the_name_goes_on_with_the_file()
    {
        using var rig = new ConsoleRig(options => options.PtyDirectory = null, logs: true);
        List<byte> all = [];
        for (uint life = 1; life <= 4; life++)
        {
            // Domids that change, as in a reboot, and ones that are used again.
            var (guest, program, _) = rig.AddConsole(1 + (life % 2), "web");
            byte[] output = _stream.Take(life * 100_000, 100_000);
            all.AddRange(output);
            program.Write(output);
            rig.RunUntil(() => program.Unsent == 0, "the output to go");
            guest.Destroy();
        }

        rig.RunUntil(() => rig.Consoles.Ending == 0 && rig.Consoles.Logs!.Appender.IsIdle, "the last console's end");
        Assert.Equal([rig.LogFile("guest-web.log")], Directory.GetFileSystemEntries(rig.LogFile("")));
        Assert.Equal([.. all], File.ReadAllBytes(rig.LogFile("guest-web.log")));
    }

    [Fact]
    public void Two_living_domains_of_one_name_write_to_two_files()
    {
        using var rig = new ConsoleRig(logs: true);
        var (guest, first, _) = rig.AddConsole(1, "web");
        var (_, second, console) = rig.AddConsole(2, "web");
        rig.Write(first, "first"u8.ToArray());
        rig.Write(second, "second"u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 6 && rig.Console(1).BytesLogged == 5, "both");
        Assert.Equal("first", File.ReadAllText(rig.LogFile("guest-web.log")));
        Assert.Equal("second", File.ReadAllText(rig.LogFile("guest-web@2.log")));

        // The name is free, and the next one that comes has it.
        guest.Destroy();
        var (_, third, _) = rig.AddConsole(3, "web");
        rig.Write(third, " third"u8.ToArray());
        rig.RunUntil(() => rig.Console(3).BytesLogged == 6, "the third");
        Assert.Equal("first third", File.ReadAllText(rig.LogFile("guest-web.log")));
    }

    [Fact]
    public void D06_A_renamed_domain_goes_on_in_the_file_of_its_new_name()
    {
        using var rig = new ConsoleRig(logs: true);
        var (old, before, _) = rig.AddConsole(1, "web");
        rig.Write(before, "here "u8.ToArray());
        var (guest, program, console) = rig.AddConsole(2, "web--incoming");
        rig.Write(program, "moving"u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 6, "the log of the first name");

        // The name is still another's, and then it is not.
        guest.Rename("web");
        rig.RunIdle();
        Assert.Equal(rig.LogFile("guest-web@2.log"), console.LogPath);
        old.Destroy();
        guest.Rename("web--again");
        guest.Rename("web");
        rig.RunIdle();
        Assert.Equal(rig.LogFile("guest-web.log"), console.LogPath);
        rig.Write(program, "there"u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 11, "the log of the second name");

        Assert.Equal("moving", File.ReadAllText(rig.LogFile("guest-web--incoming.log")));
        Assert.Equal("here there", File.ReadAllText(rig.LogFile("guest-web.log")));
        Assert.False(File.Exists(rig.LogFile("guest-web@2.log")));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    [InlineData("a\nb\u001b]0;c\a")]
    [InlineData("..\n\u001b[2J/\u009b31m\u202eweb")]
    [InlineData("")]
    public void D07_A_domains_name_cannot_choose_a_file_elsewhere(string name)
    {
        using var rig = new ConsoleRig(logs: true);
        var (_, program, console) = rig.AddConsole(7, name);
        rig.Write(program, "x"u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 1, "the log");
        Assert.Equal([rig.LogFile("guest-domain-7.log")], Directory.GetFileSystemEntries(rig.LogFile("")));
    }

    [Fact]
    public void Files_that_were_renamed_are_left_alone_when_it_is_told()
    {
        using var rig = new ConsoleRig(logs: true);
        var (_, program, console) = rig.AddConsole(1, "web");
        rig.Write(program, "old "u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 4, "the log");
        File.Move(rig.LogFile("guest-web.log"), rig.LogFile("rotated"));
        rig.Write(program, "still old"u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 13, "the log");

        rig.Consoles.ReopenLogs();
        rig.RunUntil(() => File.Exists(rig.LogFile("guest-web.log")), "a new file");
        rig.Write(program, "new"u8.ToArray());
        rig.RunUntil(() => console.BytesLogged == 16, "the log");
        Assert.Equal("old still old", File.ReadAllText(rig.LogFile("rotated")));
        Assert.Equal("new", File.ReadAllText(rig.LogFile("guest-web.log")));
    }

    [Fact]
    public void A_directory_that_cannot_be_used_is_refused_with_the_remedy()
    {
        using var place = new PrivateDirectory("log");
        File.WriteAllText(place["file"], "");
        using var loop = new EventLoop();
        var options = new ConsoleOptions { LogDirectory = place["file/log"] };
        IOException refused = Assert.ThrowsAny<IOException>(() => new GuestLogs(loop, options, NullLogger.Instance));
        Assert.Contains("Consoles:LogDirectory", refused.Message, StringComparison.Ordinal);
        Assert.Contains(place["file/log"], refused.Message, StringComparison.Ordinal);
    }
}
