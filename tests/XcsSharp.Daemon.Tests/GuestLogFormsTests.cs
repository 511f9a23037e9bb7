using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Logs with time stamps, compressed and in the journal, and what may happen to their files, with the real daemon.</summary>
public sealed partial class GuestLogFormsTests
{
    [Fact]
    public async Task A_line_that_a_killed_daemon_has_begun_goes_on_with_one_stamp_and_all_stamps_are_of_now()
    {
        DateTime before = DateTime.UtcNow;
        await using Lab lab = await Lab.StartAsync("--Consoles:LogTimestamps=utc");
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        (GuestProgram db, uint _) = await lab.ConsoleGuestAsync("db");
        await web.WriteAsync("boot", Lab.Cancel);
        await db.WriteAsync("start\nrea", Lab.Cancel);
        await LoggedAsync(lab, "web", 4);
        await LoggedAsync(lab, "db", 9);
        await lab.Daemon.Kill9Async(Lab.Cancel);
        await lab.RestartAsync();
        await web.WriteAsync("ing\nlogin: ", Lab.Cancel);
        await db.WriteAsync("dy\n", Lab.Cancel);
        await LoggedAsync(lab, "web", 15);
        await LoggedAsync(lab, "db", 12);

        string text = await File.ReadAllTextAsync(LogOf(lab, "web"), Lab.Cancel);
        Assert.Equal("STAMP booting\nSTAMP login: ", Stamp().Replace(text, "STAMP "));
        Assert.Equal("STAMP start\nSTAMP ready\n", Stamp().Replace(await File.ReadAllTextAsync(LogOf(lab, "db"), Lab.Cancel), "STAMP "));
        DateTime[] times = [.. Stamp().Matches(text).Select(static match => DateTime.Parse(
            match.Value, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal))];
        Assert.All(times, time => Assert.InRange(time, before.AddMilliseconds(-5), DateTime.UtcNow));
    }

    [Fact]
    public async Task Old_logs_are_compressed_but_the_youngest_and_all_together_are_the_output()
    {
        const int Limit = 64 << 10;
        const int Bytes = (4 * Limit) + 1000;
        await using Lab lab = await Lab.StartAsync("--Consoles:LogBytes=64 KiB", "--Consoles:LogFiles=9", "--Consoles:LogCompress=gzip", "--Consoles:LogOutput=raw");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream output = Lab.Seeded("output");
        await guest.WriteAsync(output.Take(0, Bytes), Lab.Cancel);
        await LoggedAsync(lab, "web", Bytes);
        string log = LogOf(lab, "web");
        await WaitForFilesAsync(lab, [log, log + ".1", log + ".2.gz", log + ".3.gz", log + ".4.gz"]);
        byte[] all =
        [
            .. Unpacked(log + ".4.gz"), .. Unpacked(log + ".3.gz"), .. Unpacked(log + ".2.gz"),
            .. await File.ReadAllBytesAsync(log + ".1", Lab.Cancel), .. await File.ReadAllBytesAsync(log, Lab.Cancel),
        ];
        Assert.Equal(output.Take(0, Bytes), all);
    }

    [Fact]
    public async Task Lines_reach_the_journal_with_the_domains_name_and_uuid_and_a_journal_that_comes_late_gets_them()
    {
        using PrivateDirectory place = new("journal");
        await using Lab lab = await Lab.StartAsync("--Consoles:Journal=on", $"--Consoles:JournalSocket={place["socket"]}");
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web");
        await guest.WriteAsync("booting\r\nlogin: ", Lab.Cancel);
        await lab.Daemon.Process.Error.WaitForTextAsync("does not reach the journal", Lab.Cancel);
        using JournalSocket journal = new(place["socket"]);
        await guest.WriteAsync("root\n", Lab.Cancel);

        List<IReadOnlyDictionary<string, string>> entries = [];
        using CancellationTokenSource late = new(Transcript.DefaultDeadline);
        while (entries.Count < 2)
        {
            Assert.False(late.IsCancellationRequested, "the journal gets nothing");
            entries.AddRange(journal.Take());
            await Task.Delay(10, Lab.Cancel);
        }

        Assert.Equal(["booting", "login: root"], entries.Select(static entry => entry["MESSAGE"]));
        Assert.All(entries, entry => Assert.Equal(
            ("web", "web", $"{domid}"), (entry["XCS_DOMAIN"], entry["XCS_CONSOLE"], entry["XCS_DOMID"])));
        Assert.All(entries, static entry => Assert.NotEqual(Guid.Empty, Guid.Parse(entry["XCS_UUID"])));
        await lab.Daemon.Process.Error.WaitForTextAsync("reaches the journal again", Lab.Cancel);
    }

    [Fact]
    public async Task A_log_file_that_is_removed_underneath_is_made_again_and_has_what_comes_from_then_on()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        await guest.WriteAsync("before\n", Lab.Cancel);
        await LoggedAsync(lab, "web", 7);
        File.Delete(LogOf(lab, "web"));
        await guest.WriteAsync("behind\n", Lab.Cancel);
        await LoggedAsync(lab, "web", 14);
        Assert.Equal("behind\n", await File.ReadAllTextAsync(LogOf(lab, "web"), Lab.Cancel));
        Directory.Delete(lab.Places.LogDirectory, recursive: true);
        await guest.WriteAsync("lost?\n", Lab.Cancel);
        await lab.Daemon.Process.Error.WaitForTextAsync("ENOENT", Lab.Cancel);
        Directory.CreateDirectory(lab.Places.LogDirectory);
        await LoggedAsync(lab, "web", 20);
        Assert.Equal("lost?\n", await File.ReadAllTextAsync(LogOf(lab, "web"), Lab.Cancel));
    }

    private static string LogOf(Lab lab, string name) => Path.Combine(lab.Places.LogDirectory, $"guest-{name}.log");

    private static Task LoggedAsync(Lab lab, string name, int bytes) => OperatorQuery.WaitForListAsync(
        lab.Places.Console,
        list => list.Domains.Any(domain => domain.Name == name && domain.Consoles is [ConsoleEntry console, ..] && console.BytesLogged == (ulong)bytes),
        $"{bytes} logged bytes of {name}",
        Lab.Cancel);

    /// <summary>Who compresses tells nobody, so this looks again and again.</summary>
    private static async Task WaitForFilesAsync(Lab lab, string[] wanted)
    {
        using CancellationTokenSource late = new(Transcript.DefaultDeadline);
        string[] found;
        while (!(found = [.. Directory.GetFiles(lab.Places.LogDirectory, "guest-*").Order(StringComparer.Ordinal)]).SequenceEqual(wanted))
        {
            Assert.False(late.IsCancellationRequested, string.Join(' ', found));
            await Task.Delay(20, Lab.Cancel);
        }
    }

    private static byte[] Unpacked(string path)
    {
        using GZipStream packed = new(File.OpenRead(path), CompressionMode.Decompress);
        using MemoryStream plain = new();
        packed.CopyTo(plain);
        return plain.ToArray();
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")]
    private static partial Regex Stamp();
}
