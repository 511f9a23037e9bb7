using System.Diagnostics;
using System.Globalization;

using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Daemon.Tests.Load;

/// <summary>A thousand viewers of one console, and a thousand consoles with a viewer each: all get their bytes, and what each costs.</summary>
[Collection(Measurements.Name)]
public sealed class CrowdTests
{
    private const int Crowd = 1000;

    private static readonly string[] s_settings =
        [$"--Consoles:MaxViewersPerConsole={Crowd + 100}", $"--Consoles:MaxConnections={Crowd + 200}", "--Switching:GuestBytesPerSecond=0"];

    [Fact]
    public async Task A_thousand_viewers_of_one_console_get_every_byte_and_each_costs_what_one_of_ten_does()
    {
        SkipWithoutDescriptors();
        await using Lab lab = await Lab.StartAsync(s_settings);
        LetterText text = Text();
        using RingGuests guests = new(lab.Machine);
        RingConsole web = await GuestAsync(lab, guests, "web", text);

        // As many bytes in all for the few as for the many: the same work, if a viewer costs no more for being one of a thousand.
        const long Delivered = 384L << 20;
        List<double> costs = [];
        List<(long Idle, long Loud)> resident = [];
        foreach (int viewers in (int[])[Crowd, 100, 10])
        {
            using ViewerCrowd crowd = new();
            long before = ProcessFigures.ResidentKiB(lab.Daemon.Pid);
            await crowd.AttachAsync(lab.Places.Console, Enumerable.Range(1, viewers).Select(i => View(lab, "web new", i, text, web.Produced)));
            long idle = ProcessFigures.ResidentKiB(lab.Daemon.Pid) - before;
            TimeSpan cpu = ProcessFigures.CpuTime(lab.Daemon.Pid);
            Task<long[]> all = await crowd.WhenAtAsync(_ => web.Produced + (Delivered / viewers));
            await web.PrintAsync(Delivered / viewers);
            long loud = ProcessFigures.ResidentKiB(lab.Daemon.Pid) - before;
            await all;
            long delivered = crowd.Viewers.Sum(static viewer => viewer.Account.Delivered);
            long marked = crowd.Viewers.Sum(static viewer => viewer.Account.Marked);
            double cost = (ProcessFigures.CpuTime(lab.Daemon.Pid) - cpu).TotalNanoseconds / delivered;
            costs.Add(cost);
            resident.Add((idle, loud));
            Lab.Print(Invariant($"{viewers} viewers, {delivered >> 20} MiB to all of them: {cost:0.00} ns of processor a byte, {idle} KiB more resident before, {loud} KiB at the end of the flood, {marked:N0} bytes marked as gaps"));
        }

        // What a viewer has of its own is its place and its queue, 64 KiB when full and what it grew from; the output is there once.
        // A thousand queues do not fit into the processor's cache where a hundred did, and ten have small batches; a cost that grew with
        // their number would be a hundred times as much.
        Assert.True(costs[0] < 4 * Math.Max(costs[1], costs[2]), $"{costs[0]:0.00} ns a byte for each of {Crowd}, {costs[1]:0.00} of 100, {costs[2]:0.00} of 10");
        Assert.InRange(resident[0].Idle, 0, Crowd * 12L);
        Assert.InRange(resident[0].Loud, 0, Crowd * 192L);
    }

    [Fact]
    public async Task One_of_a_thousand_viewers_that_stalls_slows_nobody()
    {
        SkipWithoutDescriptors();
        await using Lab lab = await Lab.StartAsync(s_settings);
        LetterText text = Text();
        using RingGuests guests = new(lab.Machine);
        RingConsole web = await GuestAsync(lab, guests, "web", text);
        using ViewerCrowd crowd = new();
        await crowd.AttachAsync(lab.Places.Console, Enumerable.Range(1, Crowd - 1).Select(i => View(lab, "web all", i, text, 0)));

        // Rounds with and without the one that stalls take turns: whatever else goes on here meets both.
        List<double> without = [];
        List<double> with = [];
        for (int round = 0; round < 10; round++)
        {
            without.Add(await RoundAsync(crowd, web));
            await using ConsoleSocket stalled = await ConsoleSocket.AttachWithoutReadingAsync(lab.Places.Console, "web new", Lab.Cancel);
            await web.PrintAsync(1 << 19);
            await await crowd.WhenAtAsync(_ => web.Produced);
            with.Add(await RoundAsync(crowd, web));
        }

        Lab.Print(Invariant($"a line to the last of {Crowd - 1} viewers, median: {Median(without):0.00} ms; beside one that stalls: {Median(with):0.00} ms"));
        Assert.All(crowd.Viewers, static viewer => Assert.Null(viewer.Account.Problem));

        // Whoever waited for it would wait for ever.
        Assert.True(Median(with) < (3 * Median(without)) + 5, $"{Median(with):0.00} ms beside one that stalls, {Median(without):0.00} ms without");
    }

    [Fact]
    public async Task A_thousand_consoles_with_a_viewer_each_get_their_own_bytes()
    {
        SkipWithoutDescriptors();
        await using Lab lab = await Lab.StartAsync(s_settings);
        using RingGuests guests = new(lab.Machine);
        long before = ProcessFigures.ResidentKiB(lab.Daemon.Pid);
        (ChildProcess domains, uint first) = await lab.Machine.CreateManyAsync("c", Crowd, Lab.Cancel);
        lab.Own(domains);
        RingConsole[] consoles = [.. Enumerable.Range(0, Crowd).Select(i => guests.Begin(first + (uint)i, Text($"c{i}")))];
        await ServedAsync(lab, Crowd);
        long alone = ProcessFigures.ResidentKiB(lab.Daemon.Pid) - before;
        using ViewerCrowd crowd = new();
        await crowd.AttachAsync(
            lab.Places.Console, consoles.Select((console, i) => View(lab, $"{console.Domid} all", i, console.Text, 0)));
        long idle = ProcessFigures.ResidentKiB(lab.Daemon.Pid) - before;

        List<double> quiet = [];
        for (int i = 0; i < 200; i++)
        {
            quiet.AddRange(await PrintAsync(crowd, consoles, [consoles[i * 5]], 60));
        }

        List<double> all = await PrintAsync(crowd, consoles, consoles, 60);
        await PrintAsync(crowd, consoles, consoles, 8 * 1024);
        long used = ProcessFigures.ResidentKiB(lab.Daemon.Pid) - before;
        Assert.All(crowd.Viewers, static viewer => Assert.Null(viewer.Account.Problem));
        Assert.All(crowd.Viewers, (viewer, i) => Assert.Equal(consoles[i].Produced, viewer.Account.Delivered));
        Lab.Print(Invariant($"{Crowd} consoles, each with a terminal and a log: {alone / (double)Crowd:0.0} KiB resident each; with a viewer: {idle / (double)Crowd:0.0}, {used / (double)Crowd:0.0} with 8 KiB printed"));
        Lab.Print(Invariant($"one prints a line: median {Median(quiet):0.00} ms, p99 {Percentile(quiet, 0.99):0.00} ms; all at once: median {Median(all):0.00} ms, last {all.Max():0.00} ms"));
        Assert.InRange(alone, 0, Crowd * 24L);
        Assert.InRange(idle, 0, Crowd * 40L);
        Assert.InRange(used, 0, Crowd * 72L);
        Assert.True(Median(quiet) < 20, $"median {Median(quiet):0.00} ms");
    }

    /// <summary>The daemon has a log, both ends of a terminal and a viewer for each console.</summary>
    private static void SkipWithoutDescriptors()
    {
        const int Needed = 6 * Crowd;
        string limit = File.ReadLines("/proc/self/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal));
        Assert.SkipWhen(
            int.TryParse(limit.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture, out int most) && most < Needed,
            $"a thousand consoles need {Needed} descriptors: raise the limit (ulimit -Hn)");
    }

    private static LetterText Text(string purpose = "web") => new(new SeededStream(SeededStream.ChooseSeed()).Fork(purpose));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static double Median(List<double> values) => Percentile(values, 0.5);

    private static double Percentile(List<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)((sorted.Length - 1) * share)];
    }

    private static (string Line, ReaderAccount Account) View(Lab lab, string console, int number, LetterText text, long start)
        => ($"ATTACH {console} mode=ro", new ReaderAccount($"viewer {number} of {console}", text, start));

    private static async Task<RingConsole> GuestAsync(Lab lab, RingGuests guests, string name, LetterText text)
    {
        (ChildProcess domain, uint domid) = await lab.Machine.CreateAsync(new GuestOptions(name), console: true, Lab.Cancel);
        lab.Own(domain);
        RingConsole console = guests.Begin(domid, text);
        await ServedAsync(lab, 1);
        return console;
    }

    /// <summary>By STATUS, since a list of a thousand consoles would cost the memory that is measured.</summary>
    private static async Task ServedAsync(Lab lab, int consoles)
    {
        long start = Stopwatch.GetTimestamp();
        while ((await lab.StatusAsync()).ConsoleRings < consoles)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Transcript.DefaultDeadline, $"{consoles} consoles are not served");
            await Task.Delay(20, Lab.Cancel);
        }
    }

    /// <summary>Milliseconds from a line's print to when the last viewer has it.</summary>
    private static async Task<double> RoundAsync(ViewerCrowd crowd, RingConsole web)
    {
        List<double> lines = [];
        for (int i = 0; i < 5; i++)
        {
            lines.Add((await PrintAsync(crowd, [web], [web], 60)).Max());
        }

        return Median(lines);
    }

    /// <summary>Some consoles print so much at once.</summary>
    /// <returns>Milliseconds until each of their viewers had it.</returns>
    private static async Task<List<double>> PrintAsync(ViewerCrowd crowd, RingConsole[] consoles, RingConsole[] printing, int letters)
    {
        long[] ends = [.. consoles.Select(console => console.Produced + (printing.Contains(console) ? letters : 0))];
        Task<long[]> arrivals = await crowd.WhenAtAsync(i => ends[i % ends.Length]);
        long start = Stopwatch.GetTimestamp();
        Task printed = Task.WhenAll(printing.Select(console => console.PrintAsync(letters)));
        long[] at = await arrivals;
        await printed;
        return [.. at.Where(stamp => stamp >= start).Select(stamp => Stopwatch.GetElapsedTime(start, stamp).TotalMilliseconds)];
    }
}
