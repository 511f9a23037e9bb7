using System.Buffers.Binary;
using System.Text;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Logs whose disk was not done when their daemon ended: the next one goes on where the file is.</summary>
[Collection("logs")]
public sealed class LeftLogTests : IDisposable
{
    private const string Log = "guest-web.log";
    private const string Writer = "xcsd-logs";
    private const int OutputSpoolBytes = 64 * 1024;

    private readonly PrivateDirectory _place = new("left");
    private readonly ListLog _log = new();
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public LeftLogTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
        Directory.CreateDirectory(_place["logs"]);
    }

    public void Dispose() => _place.Dispose();

    /// <summary>A write of more than a file holds would fill several, and of those in between nobody knows any more whose they are.</summary>
    [Fact]
    public async Task Small_files_are_filled_one_at_a_time_so_what_was_under_way_at_a_kill_comes_once()
    {
        const int FileBytes = 4096;
        const int Length = 5 * FileBytes;
        var clock = new FakeTimeProvider();
        using ConsoleRig killed = Start(Configure, clock: clock);
        var (_, ring, program, console) = killed.AddRing(1, "web");
        killed.Write(program, _stream.Take(0, 10));
        killed.RunUntil(() => console.BytesLogged == 10, "the log to begin");
        await using (HeldThread? held = await HeldThread.HoldAsync(Environment.ProcessId, Writer, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            killed.Write(program, _stream.Take(10, Length - 10));
            clock.Advance(TimeSpan.FromMilliseconds(100));
            killed.RunUntil(() => !killed.Consoles.Logs!.Appender.IsIdle, "a write to be under way");
        }

        // It is written, and nobody hears of it.
        killed.SpinUntil(() => Logged().Length >= 10 + FileBytes, "the write");

        using ConsoleRig next = Start(Configure);
        ring.OfferTo(next.Hypervisor, 1);
        next.RunIdle();
        Assert.Equal(_stream.Take(0, Length), Logged());

        void Configure(ConsoleOptions options) => (options.LogBytes, options.LogFiles) = (FileBytes, 50);
    }

    /// <summary>The other guest has written over all that the spool had of the first, whose history is longer.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_full_disk_costs_the_log_nothing_over_a_hand_over(bool isMendedBefore, bool hasStamps)
    {
        const string First = "first line\nsecond ";
        string second = string.Concat(Enumerable.Range(0, 3000).Select(static i => $"line {i}\n"));
        using SmallFileSystem? small = SmallFileSystem.TryMount(_place["logs"], 1 << 20);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        ConsoleRig ends = Start(Configure);
        var (_, ring, program, console) = ends.AddRing(1, "web");
        var (_, _, other, _) = ends.AddRing(2, "other");
        ends.Write(program, Encoding.ASCII.GetBytes(First));
        ends.RunUntil(() => console.BytesLogged == (ulong)First.Length, "the log to begin");
        small.Fill();
        ends.Write(program, Encoding.ASCII.GetBytes(second));
        ends.RunUntil(() => _log.Warnings.Length == 1, "the failure");
        ends.Write(other, new byte[OutputSpoolBytes * 2]);
        HandedConsoles handed = HeldHandover.Leave(ends);
        Assert.Contains(_log.Warnings, static warning => warning.Contains("the next daemon has them", StringComparison.Ordinal));
        if (isMendedBefore)
        {
            small.Empty();
        }

        using ConsoleRig next = Start(Configure, handed);
        ring.OfferTo(next.Hypervisor, 1);
        next.RunIdle();
        GuestConsole again = next.Console();
        next.Write(program, "third"u8.ToArray());
        small.Empty();
        next.Consoles.ReopenLogs();
        next.RunUntil(() => again.BytesLogged == again.BytesOut, "the log to go on");

        Assert.Equal(First + second + "third", WithoutStamps(Encoding.ASCII.GetString(Logged()), hasStamps));
        Assert.Equal((0UL, (ulong)(First.Length + second.Length + 5)), (again.BytesNotLogged, again.BytesLogged));

        void Configure(ConsoleOptions options)
            => (options.SpoolBytes, options.LogTimestamps) = (OutputSpoolBytes, hasStamps ? LogTimestamps.Utc : LogTimestamps.Off);
    }

    /// <summary>The thread that writes gets on when nobody listens to it any more: what it had taken comes to the file, and is not written twice.</summary>
    [Fact]
    public async Task A_hung_disk_costs_the_log_nothing_over_a_hand_over()
    {
        const int Length = 200_000;
        ConsoleRig ends = Start();
        var (_, ring, program, console) = ends.AddRing(1, "web");
        ends.Write(program, _stream.Take(0, 10));
        ends.RunUntil(() => console.BytesLogged == 10, "the log to begin");
        HandedConsoles handed;
        await using (HeldThread? held = await HeldThread.HoldAsync(Environment.ProcessId, Writer, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            ends.Write(program, _stream.Take(10, Length - 10));
            handed = HeldHandover.Leave(ends);
        }

        Assert.True(SpinWait.SpinUntil(static () => !IsThere(Writer), TimeSpan.FromSeconds(20)), "the thread does not end");
        Assert.InRange(Logged().Length, 11, Length - 1);

        using ConsoleRig next = Start(handed: handed);
        ring.OfferTo(next.Hypervisor, 1);
        next.RunIdle();
        next.Write(program, _stream.Take(Length, 10));
        next.RunUntil(() => next.Console().BytesLogged == Length + 10, "the log to go on");
        Assert.Equal(_stream.Take(0, Length + 10), Logged());
    }

    /// <summary>And not of the next output's, or of 1970.</summary>
    [Fact]
    public void What_is_written_long_after_a_kill_has_the_time_of_its_coming()
    {
        using SmallFileSystem? small = SmallFileSystem.TryMount(_place["logs"], 1 << 20);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        using ConsoleRig killed = Start(Configure);
        var (_, ring, program, _) = killed.AddRing(1, "web");
        small.Fill();
        killed.Write(program, "one\n"u8.ToArray());
        killed.RunUntil(() => _log.Warnings.Length == 1, "the failure");

        using ConsoleRig next = Start(Configure);
        ring.OfferTo(next.Hypervisor, 1);
        next.RunIdle();
        small.Empty();
        next.Consoles.ReopenLogs();
        next.RunUntil(() => next.Console().BytesLogged == 4, "the log to go on");
        Assert.Equal("one\n", WithoutStamps(Encoding.ASCII.GetString(Logged()), hasStamps: true));

        static void Configure(ConsoleOptions options) => options.LogTimestamps = LogTimestamps.Utc;
    }

    /// <summary>Nothing is taken out of its ring by reading, so whoever begins at its oldest byte gets all of it once more.</summary>
    [Fact]
    public void The_hypervisors_log_goes_on_where_the_daemon_before_has_ended()
    {
        const uint Xen = ProtocolLimits.FirstReservedDomain + 2;
        ConsoleRig ends = Start();
        FakeConsole ring = ends.Hypervisor.AddDomain(Xen, "xen", Guid.Empty).AddConsole(0, takesInput: false);
        RingProgram program = new(ring);
        ends.Write(program, "one "u8.ToArray());
        HandedConsoles handed = HeldHandover.Leave(ends);
        BinaryPrimitives.WriteInt32LittleEndian(ring.PageBytes[ConsoleRingLayout.OutputConsumer..], 0);

        using ConsoleRig next = Start(handed: handed);
        ring.OfferTo(next.Hypervisor, Xen);
        next.RunIdle();
        next.Write(program, "two"u8.ToArray());
        GuestConsole console = next.Console(Xen);
        next.RunUntil(() => console.BytesLogged == 7, "the log");
        Assert.Equal((7UL, 0UL), (console.BytesOut, console.BytesIn));
        Assert.Equal("one two", File.ReadAllText(Path.Combine(_place["logs"], "hypervisor.log")));
    }

    /// <summary>Its domain is gone before the next daemon comes, and its last words are in the spool alone.</summary>
    [Fact]
    public void What_an_ended_console_had_still_to_write_is_written_by_the_next_daemon()
    {
        using SmallFileSystem? small = SmallFileSystem.TryMount(_place["logs"], 1 << 20);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        ConsoleRig ends = Start();
        var (guest, _, program, _) = ends.AddRing(1, "web");
        small.Fill();
        ends.Write(program, "last words"u8.ToArray());
        ends.RunUntil(() => _log.Warnings.Length == 1, "the failure");
        guest.Destroy();
        ends.RunIdle();
        HandedConsoles handed = HeldHandover.Leave(ends);
        small.Empty();

        using ConsoleRig next = Start(handed: handed);
        Assert.Equal("last words", Encoding.ASCII.GetString(Logged()));
    }

    [Fact]
    public void A_stop_leaves_no_spool_though_the_disk_is_full_and_a_hand_over_none_when_all_is_written()
    {
        ConsoleRig ends = Start();
        var (_, ring, program, _) = ends.AddRing(1, "web");
        ends.Write(program, "one "u8.ToArray());
        HandedConsoles handed = HeldHandover.Leave(ends);
        Assert.False(File.Exists(_place["spool"]));
        Assert.Equal("one ", Encoding.ASCII.GetString(Logged()));

        ConsoleRig stops = Start(handed: handed);
        ring.OfferTo(stops.Hypervisor, 1);
        File.Delete(Path.Combine(_place["logs"], Log));
        Directory.CreateDirectory(Path.Combine(_place["logs"], Log));
        stops.Write(program, "two"u8.ToArray());
        stops.RunUntil(() => _log.Warnings.Length == 1, "the failure");
        stops.Dispose();
        Assert.False(File.Exists(_place["spool"]));
    }

    private static bool IsThere(string thread)
        => Directory.GetDirectories("/proc/self/task").Any(task => NameOf(task) == thread);

    private static string? NameOf(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Each line has one, whole, and of this century.</summary>
    private static string WithoutStamps(string log, bool hasStamps)
    {
        if (!hasStamps)
        {
            return log;
        }

        string[] lines = log.Split('\n');
        Assert.All(lines[..^1], static line => Assert.Matches(@"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [^Z]*$", line));
        return string.Join('\n', lines.Select(static line => line.Length > LineStamps.Length ? line[LineStamps.Length..] : line));
    }

    private ConsoleRig Start(Action<ConsoleOptions>? configure = null, HandedConsoles? handed = null, TimeProvider? clock = null)
        => new(
            options =>
            {
                options.SpoolFile = _place["spool"];
                options.LogDirectory = _place["logs"];
                configure?.Invoke(options);
            },
            clock,
            log: _log,
            handed: handed);

    /// <summary>All files of the log, the oldest first.</summary>
    private byte[] Logged()
        => [.. Directory.GetFiles(_place["logs"], Log + "*").OrderByDescending(NumberOf).SelectMany(File.ReadAllBytes)];

    private static int NumberOf(string file) => int.TryParse(Path.GetExtension(file).AsSpan(1), out int number) ? number : 0;
}
