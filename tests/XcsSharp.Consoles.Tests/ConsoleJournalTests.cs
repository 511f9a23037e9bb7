using System.Text;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Guests' output in the journal: a real socket, of which the test plays the other end.</summary>
public sealed class ConsoleJournalTests : IDisposable
{
    private readonly PrivateDirectory _place = new("journal");
    private readonly FakeTimeProvider _clock = new();
    private readonly ListLog _log = new();
    private readonly List<string> _messages = [];

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Each_line_is_an_entry_with_the_fields_of_its_console()
    {
        using JournalSocket journal = new(_place["socket"]);
        using ConsoleRig rig = Start();
        var (guest, program, _) = rig.AddConsole(7, "web");
        rig.Write(program, "\x1b[1mbooting\x1b[0m\r\n\r\n10%\r20%\rdone\tnow\n\alogin: "u8.ToArray());

        IReadOnlyList<IReadOnlyDictionary<string, string>> entries = journal.Take();
        Assert.Equal(["booting", "10%", "20%", "done\tnow"], entries.Select(static entry => entry["MESSAGE"]));
        Assert.All(entries, entry => Assert.Equal(
            ["7", "web", "web", "xcs-console", "6"],
            new[] { "XCS_DOMID", "XCS_DOMAIN", "XCS_CONSOLE", "SYSLOG_IDENTIFIER", "PRIORITY" }.Select(name => entry[name])));
        Assert.All(entries, entry => Assert.Equal(rig.Switch.FindByDomid(7)!.Uuid, Guid.Parse(entry["XCS_UUID"])));
        Assert.All(entries, static entry => Assert.Equal(7, entry.Count));

        // A prompt comes with what follows it, under the name of then; at the end, whatever there is.
        guest.Rename("web2");
        rig.Write(program, "root\nlast words"u8.ToArray());
        Assert.Equal([("web2", "login: root")], journal.Take().Select(static entry => (entry["XCS_DOMAIN"], entry["MESSAGE"])));
        guest.Destroy();
        rig.RunUntil(() => rig.Consoles.Ending == 0, "the console's end");
        Assert.Equal(["last words"], journal.Take().Select(static entry => entry["MESSAGE"]));
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("a\nMESSAGE=forged\nPRIORITY=0")]
    [InlineData("b\x1b]0;c\a")]
    public void A_hostile_name_makes_no_field_and_no_other_entry(string name)
    {
        using JournalSocket journal = new(_place["socket"]);
        using ConsoleRig rig = Start();
        var (_, program, _) = rig.AddConsole(7, name);
        rig.Write(program, "PRIORITY=0\n"u8.ToArray());
        IReadOnlyDictionary<string, string> entry = Assert.Single(journal.Take());
        Assert.Equal(("PRIORITY=0", "6"), (entry["MESSAGE"], entry["PRIORITY"]));
        Assert.DoesNotContain(entry["XCS_DOMAIN"], char.IsControl);
    }

    [Fact]
    public void A_long_line_is_cut_and_no_byte_of_it_lost()
    {
        using JournalSocket journal = new(_place["socket"]);
        using ConsoleRig rig = Start();
        var (_, program, _) = rig.AddConsole();
        string line = string.Concat(Enumerable.Range(0, 4000).Select(static i => $"{i} "));
        rig.Write(program, Encoding.ASCII.GetBytes(line + "\nnext\n"));
        TakeAll(rig, journal, () => _messages.Contains("next"));
        Assert.All(_messages[..^2], static message => Assert.Equal(8192, message.Length));
        Assert.Equal(line, string.Concat(_messages[..^1]));
    }

    [Fact]
    public void A_journal_that_does_not_read_stops_nobody_and_what_it_misses_is_marked_and_counted()
    {
        const int Lines = 20_000;
        using JournalSocket journal = new(_place["socket"]);
        using ConsoleRig rig = Start(options => options.HistoryBytes = 16 * 1024);
        var (_, program, console) = rig.AddConsole();
        string all = string.Concat(Enumerable.Range(0, Lines).Select(static i => $"line {i}\n"));
        rig.Write(program, Encoding.ASCII.GetBytes(all));
        Assert.Equal((ulong)all.Length, console.BytesOut);
        Assert.InRange(console.BytesDropped, 1UL, (ulong)all.Length - (16 * 1024) + 1);

        TakeAll(rig, journal, () => _messages.Count > 0 && _messages[^1] == $"line {Lines - 1}");
        string[] marks = [.. _messages.Where(static message => message.StartsWith("[gap: ", StringComparison.Ordinal))];
        Assert.NotEmpty(marks);
        ulong marked = (ulong)marks.Sum(static mark => long.Parse(mark["[gap: ".Length..^" bytes]".Length], System.Globalization.NumberStyles.Number, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(console.BytesDropped, marked);
        Assert.Empty(_log.Warnings);

        // What is there is in order, and up to the first mark whole.
        Assert.Equal(
            Enumerable.Range(0, 10).Select(static i => $"line {i}"), _messages.Take(10));
    }

    [Fact]
    public void A_journal_that_is_not_there_is_told_once_and_gets_what_was_kept_when_it_comes()
    {
        using ConsoleRig rig = Start();
        var (_, first, _) = rig.AddConsole(1, "web");
        var (_, second, _) = rig.AddConsole(2, "db");
        rig.Write(first, "one\ntwo\n"u8.ToArray());
        rig.Write(second, "three\n"u8.ToArray());
        for (int i = 0; i < 10; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            rig.RunIdle();
        }

        string warning = Assert.Single(_log.Warnings);
        Assert.Contains("ENOENT", warning, StringComparison.Ordinal);
        Assert.Contains("Consoles:Journal=off", warning, StringComparison.Ordinal);
        using JournalSocket journal = new(_place["socket"]);
        TakeAll(rig, journal, () => _messages.Count == 3);
        Assert.Equal(["one", "three", "two"], _messages.Order(StringComparer.Ordinal));
        Assert.Single(_log.Warnings);
        Assert.Single(_log.Notes);
    }

    [Fact]
    public void When_the_daemon_ends_the_last_line_is_sent_though_it_has_no_end()
    {
        using JournalSocket journal = new(_place["socket"]);
        using ConsoleRig rig = Start();
        var (_, program, _) = rig.AddConsole();
        rig.Write(program, "one\nend"u8.ToArray());
        Assert.Equal(["one"], journal.Take().Select(static entry => entry["MESSAGE"]));
        rig.Consoles.Dispose();
        Assert.Equal(["end"], journal.Take().Select(static entry => entry["MESSAGE"]));
    }

    private void TakeAll(ConsoleRig rig, JournalSocket journal, Func<bool> isDone) => rig.RunUntil(
        () =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(100));
            _messages.AddRange(journal.Take().Select(static entry => entry["MESSAGE"]));
            return isDone();
        },
        "the journal");

    private ConsoleRig Start(Action<ConsoleOptions>? configure = null) => new(
        options =>
        {
            options.Journal = true;
            options.JournalSocket = _place["socket"];
            options.PtyDirectory = null;
            configure?.Invoke(options);
        },
        _clock,
        log: _log);
}
