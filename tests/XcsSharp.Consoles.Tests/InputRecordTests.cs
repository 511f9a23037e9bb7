using System.Globalization;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>The record of what is typed: who, when, what, and that neither a disk nor what is typed can do harm by it.</summary>
[Collection("logs")]
public sealed class InputRecordTests
{
    private const string At = "2026-11-29T08:15:30.000Z ";
    private const string ThreadName = "xcsd-logs";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 29, 8, 15, 30, TimeSpan.Zero));
    private readonly ListLog _log = new();

    [Fact]
    public void Each_line_says_when_who_and_what_and_other_consoles_have_other_files()
    {
        using ConsoleRig rig = Start();
        var (guest, _, _, web) = rig.AddRing(1, "web");
        _ = rig.AddRing(guest: guest, number: 2);
        TestClient viewer = rig.Attach("web mode=rw");
        Type(rig, viewer, "root\rsec", 8);
        _clock.Advance(TimeSpan.FromMilliseconds(400));
        Type(rig, viewer, "ret\r\n", 13);
        using (PtyTerminal pty = PtyTerminal.Open(rig.Link("web"), null))
        {
            Task written = pty.WriteAsync("halt"u8.ToArray(), TestContext.Current.CancellationToken);
            rig.RunUntil(() => web.BytesIn == 17 && written.IsCompleted, "the terminal's input");
            Type(rig, viewer, "q", 18);
        }

        TestClient second = rig.Attach("web#2 mode=rw");
        second.Send("two\r");
        rig.RunIdle();
        string who = $"user={UserNames.Plain(new UserNames().Find(Uid))} uid={Uid} pid={Environment.ProcessId}";
        string late = "2026-11-29T08:15:30.400Z ";
        WaitForLines(rig, "typed-web.log", 3);
        Assert.Equal(
            [$"{At}{who} viewer=1 \"root\\r\"", $"{At}{who} viewer=1 \"secret\\r\\n\"", $"{late}pty \"halt\""], Lines(rig, "typed-web.log"));
        WaitForLines(rig, "typed-web#2.log", 1);
        Assert.Equal([$"{late}{who} viewer=2 \"two\\r\""], Lines(rig, "typed-web#2.log"));

        // What has no end of line is one a second after it began.
        _clock.Advance(InputRecorder.Longest);
        WaitForLines(rig, "typed-web.log", 4);
        Assert.Equal($"{late}{who} viewer=1 \"q\"", Lines(rig, "typed-web.log")[3]);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(rig.LogFile("typed-web.log")));
    }

    [Fact]
    public void Whatever_is_typed_the_record_has_printable_ascii_and_the_bytes_can_be_had_back()
    {
        using ConsoleRig rig = Start();
        var (_, _, _, web) = rig.AddRing(1, "web");
        TestClient viewer = rig.Attach("web mode=rw");
        byte[] typed = [.. Enumerable.Range(0, 256).Select(static value => (byte)value), .. "\u001b[2J\u202e\"; 2026-11-29T08:15:30.000Z root \"fake\\r\""u8];
        viewer.Send(typed);
        rig.RunUntil(() => web.BytesIn == (ulong)typed.Length, "the input");
        _clock.Advance(InputRecorder.Longest);
        rig.RunUntil(() => Recorded(rig, "typed-web.log").Length == typed.Length, "the record");
        Assert.Equal(typed, Recorded(rig, "typed-web.log"));
        Assert.All(File.ReadAllBytes(rig.LogFile("typed-web.log")), static one => Assert.True(one is (byte)'\n' or (>= 0x20 and < 0x7f)));
        Assert.All(Lines(rig, "typed-web.log"), static line => Assert.Matches("^2026-11-29T08:15:30.000Z user=[^ ]+ uid=[0-9]+ pid=[0-9]+ viewer=1 \"[^\"\\\\]*(\\\\.[^\"\\\\]*)*\"$", line));
    }

    [Fact]
    public void What_was_refused_is_not_recorded_and_without_the_setting_nothing_is()
    {
        using (ConsoleRig rig = Start())
        {
            var (_, _, _, web) = rig.AddRing(1, "web");
            TestClient writer = rig.Attach("web mode=rw");
            TestClient reader = rig.Attach("web mode=ro");
            reader.Send("no\r");
            rig.RunUntil(() => web.AllViewers[1].Describe().InputRefused == 3, "the refusal");
            Type(rig, writer, "yes\r", 4);
            WaitForLines(rig, "typed-web.log", 1);
            Assert.Equal("yes\r"u8, Recorded(rig, "typed-web.log"));
        }

        using ConsoleRig off = new(logs: true);
        _ = off.AddRing(1, "web");
        Type(off, off.Attach("web mode=rw"), "yes\r", 4);
        Assert.Empty(Directory.GetFileSystemEntries(off.LogFile("")));
    }

    [Fact]
    public void It_is_kept_to_the_logs_size_and_number()
    {
        using ConsoleRig rig = Start(options => (options.LogBytes, options.LogFiles) = (4096, 1));
        var (_, _, _, web) = rig.AddRing(1, "web");
        TestClient viewer = rig.Attach("web mode=rw");
        for (ulong i = 1; i <= 300; i++)
        {
            Type(rig, viewer, "a line of input\r", (int)(16 * i));
        }

        rig.RunUntil(() => rig.Consoles.Logs!.Appender.IsIdle && web.BytesIn == 4800, "all of it");
        Assert.Equal(["typed-web.log", "typed-web.log.1"], Directory.GetFiles(rig.LogFile("")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        Assert.Equal(4096, new FileInfo(rig.LogFile("typed-web.log.1")).Length);
        Assert.InRange(new FileInfo(rig.LogFile("typed-web.log")).Length, 1, 4096);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(rig.LogFile("typed-web.log.1")));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("a\nb\u001b]0;c\a")]
    [InlineData("")]
    public void A_domains_name_cannot_choose_a_file_elsewhere(string name)
    {
        using ConsoleRig rig = Start();
        _ = rig.AddRing(7, name);
        Type(rig, rig.Attach("7 mode=rw"), "x\r", 2, domid: 7);
        rig.RunUntil(() => rig.Consoles.Logs!.Appender.IsIdle, "the record");
        Assert.Equal([rig.LogFile("typed-domain-7.log")], Directory.GetFileSystemEntries(rig.LogFile("")));
    }

    [Fact]
    public async Task A_disk_that_hangs_delays_no_input_and_what_found_no_room_is_counted()
    {
        using ConsoleRig rig = Start();
        var (_, _, program, web) = rig.AddRing(1, "web");
        TestClient viewer = rig.Attach("web mode=rw");
        byte[] line = [.. Enumerable.Repeat((byte)'x', 99), (byte)'\r'];
        const int Lines = 2000;
        await using (HeldThread? held = await HeldThread.HoldAsync(Environment.ProcessId, ThreadName, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            for (int i = 1; i <= Lines; i++)
            {
                viewer.Send(line);
                rig.RunUntil(() => web.BytesIn == (ulong)(i * line.Length), "the input");
            }
        }

        rig.RunUntil(() => rig.Consoles.Logs!.Appender.IsIdle, "the disk to go on");
        Type(rig, viewer, "last\r", (Lines * line.Length) + 5);
        rig.RunUntil(() => File.ReadAllText(rig.LogFile("typed-web.log")).Contains("last\\r", StringComparison.Ordinal), "the last line");
        string[] all = InputRecordTests.Lines(rig, "typed-web.log");
        string gap = all[^2];
        Assert.Matches(@"^2026-11-29T08:15:30.000Z \[gap: [0-9]+ lines\]$", gap);
        int lost = int.Parse(gap.Split(' ')[2], CultureInfo.InvariantCulture);
        Assert.Equal(Lines + 1, all.Length - 1 + lost);
        Assert.InRange(lost, Lines / 2, Lines - 1);
    }

    [Fact]
    public void A_full_disk_is_told_once_and_what_waits_is_written_when_there_is_room()
    {
        using var place = new PrivateDirectory("full");
        using SmallFileSystem? small = SmallFileSystem.TryMount(place["small"], 64 * 1024);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        using ConsoleRig rig = Start(options => options.LogDirectory = small.Path);
        var (_, _, _, _) = rig.AddRing(1, "web");
        TestClient viewer = rig.Attach("web mode=rw");
        small.Fill();
        Type(rig, viewer, "one\r", 4);
        rig.RunUntil(() => _log.Warnings.Length == 1, "the failure");
        Type(rig, viewer, "two\r", 8);
        for (int i = 0; i < 5; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            rig.RunUntil(() => rig.Consoles.Logs!.Appender.IsIdle, "another try");
        }

        Assert.Contains("ENOSPC", Assert.Single(_log.Warnings), StringComparison.Ordinal);
        small.Empty();
        _clock.Advance(TimeSpan.FromSeconds(5));
        string path = Path.Combine(small.Path, "typed-web.log");
        rig.RunUntil(() => File.Exists(path) && File.ReadAllText(path).Contains("two", StringComparison.Ordinal), "both lines");
        Assert.Equal(2, File.ReadAllLines(path).Length);
        Assert.Single(_log.Warnings);
    }

    [Fact]
    public void A_renamed_domains_input_goes_to_the_file_of_its_new_name_and_at_the_end_all_is_written()
    {
        // More than the writing thread takes at a time.
        const uint Others = 10;
        using var place = new PrivateDirectory("typed");
        using (ConsoleRig rig = Start(options => options.LogDirectory = place.Path))
        {
            var (guest, _, _, _) = rig.AddRing(1, "web--incoming");
            TestClient viewer = rig.Attach("1 mode=rw");
            Type(rig, viewer, "one\r", 4);
            rig.RunUntil(() => Recorded(place["typed-web--incoming.log"]).Length == 4, "the first name's file");
            guest.Rename("web");
            Type(rig, viewer, "two", 7);
            guest.Destroy();
            rig.RunUntil(() => Recorded(place["typed-web.log"]).Length == 3, "the second name's file");

            _ = rig.AddRing(2, "web");
            Type(rig, rig.Attach("web mode=rw"), "three", 5, domid: 2);
            for (uint domid = 3; domid < 3 + Others; domid++)
            {
                _ = rig.AddRing(domid);
                Type(rig, rig.Attach($"{domid} mode=rw"), "halt", 4, domid);
            }
        }

        Assert.Equal("one\r"u8, Recorded(place["typed-web--incoming.log"]));
        Assert.Equal("twothree"u8, Recorded(place["typed-web.log"]));
        Assert.All(Enumerable.Range(3, (int)Others), domid => Assert.Equal("halt"u8, Recorded(place[$"typed-guest-{domid}.log"])));
        Assert.Equal(2 + (int)Others, Directory.GetFileSystemEntries(place.Path).Length);
    }

    private static uint Uid => (uint)Mono.Unix.Native.Syscall.getuid();

    private ConsoleRig Start(Action<ConsoleOptions>? configure = null) => new(
        options =>
        {
            options.InputLog = true;
            configure?.Invoke(options);
        },
        _clock,
        logs: true,
        log: _log);

    private static void Type(ConsoleRig rig, TestClient client, string text, int total, uint domid = 1)
    {
        client.Send(text);
        rig.RunUntil(() => rig.Console(domid).BytesIn == (ulong)total, "the input");
    }

    private static string[] Lines(ConsoleRig rig, string file) => File.ReadAllLines(rig.LogFile(file));

    private static void WaitForLines(ConsoleRig rig, string file, int count)
        => rig.RunUntil(() => File.Exists(rig.LogFile(file)) && Lines(rig, file).Length == count, $"{count} lines in {file}");

    /// <summary>The typed bytes of all lines.</summary>
    private static byte[] Recorded(ConsoleRig rig, string file) => Recorded(rig.LogFile(file));

    private static byte[] Recorded(string path)
    {
        List<byte> bytes = [];

        // The last line may be on its way.
        string[] lines = File.Exists(path) ? File.ReadAllText(path).Split('\n')[..^1] : [];
        foreach (string line in lines)
        {
            string text = line[(line.IndexOf('"', StringComparison.Ordinal) + 1)..^1];
            for (int i = 0; i < text.Length; i++)
            {
                if (text[i] != '\\')
                {
                    bytes.Add((byte)text[i]);
                    continue;
                }

                i++;
                bytes.Add(text[i] switch { 'r' => (byte)'\r', 'n' => (byte)'\n', 't' => (byte)'\t', 'x' => Convert.FromHexString(text.AsSpan(i + 1, 2))[0], _ => (byte)text[i] });
                i += text[i] == 'x' ? 2 : 0;
            }
        }

        return [.. bytes];
    }
}
