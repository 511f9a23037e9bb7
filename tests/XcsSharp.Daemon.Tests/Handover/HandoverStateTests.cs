using System.Text;

using XcsSharp.Consoles;
using XcsSharp.Daemon.Handover;

namespace XcsSharp.Daemon.Tests;

/// <summary>The document of a handover: every version that was ever written is read for ever, and nothing that makes no sense is.</summary>
public sealed class HandoverStateTests
{
    /// <summary>As the first daemon that could be upgraded wrote it.</summary>
    private const string Version1 =
        "xcsd-state 1\n{\"writer\":\"0.1.0\",\"descriptors\":[{\"name\":\"xcs\",\"number\":4,\"stored\":false},"
        + "{\"name\":\"pty.1.0.AAECAwQFBgcICQoLDA0ODw\",\"number\":17,\"stored\":true}]}";

    private static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Handover", "Golden");

    [Fact]
    public void Version_1_is_read()
    {
        Assert.True(HandoverState.TryRead(Encoding.UTF8.GetBytes(Version1), out HandoverState? state, out string error), error);
        Assert.Equal(("0.1.0", 2, null), (state!.Writer, state.Descriptors.Count, state.Consoles));
        Assert.Equal(new HandedNumber("pty.1.0.AAECAwQFBgcICQoLDA0ODw", 17, Stored: true), state.Descriptors[1]);
    }

    [Fact]
    public void Version_2_is_read_as_it_was_written()
    {
        byte[] document = File.ReadAllBytes(Path.Combine(Folder, "state-2"));

        Assert.True(HandoverState.TryRead(document, out HandoverState? state, out string error), error);

        Assert.Equal(Encoding.UTF8.GetString(document), Encoding.UTF8.GetString(Sample().Write()));
        ConsoleState console = Assert.Single(state!.Consoles!.Consoles);
        Assert.Equal((7U, 0, 5UL), (console.Domid, console.Number, console.Writer));
        Assert.Equal([5UL, 9UL], console.Viewers.Select(static viewer => viewer.Id));
        Assert.Equal(document, state.Write());
    }

    [Theory]
    [InlineData("", "does not begin")]
    [InlineData("xcsd-state 2", "does not begin")]
    [InlineData("xcsd-state 0\n{}", "its version")]
    [InlineData("xcsd-state 3\n{}", "its version")]
    [InlineData("xcsd-state +2\n{}", "its version")]
    [InlineData("xcsd-state 2\nnull", "no content")]
    public void What_is_no_state_is_refused(string document, string problem)
    {
        Assert.False(HandoverState.TryRead(Encoding.UTF8.GetBytes(document), out _, out string error));
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"number\":17", "\"number\":2", "impossible, or comes twice")]
    [InlineData("\"number\":17", "\"number\":4", "impossible, or comes twice")]
    [InlineData("\"name\":\"xcs\"", "\"name\":\"\"", "is none")]
    [InlineData("\"name\":\"xcs\"", "\"name\":\"a:b\"", "is none")]
    [InlineData("\"stored\":false", "\"stored\":0", "")]
    [InlineData("\"writer\"", "\"unknown\":1,\"writer\"", "")]
    [InlineData("\"domid\":7", "\"domid\":7,\"domid\":7", "")]
    [InlineData("\"number\":0,\"hasFullName\"", "\"number\":10,\"hasFullName\"", "no such number")]
    [InlineData("\"end\":300000", "\"end\":299999", "not as many")]
    [InlineData("\"newestStart\":234464", "\"newestStart\":-1", "impossible")]
    [InlineData("\"limit\":65536", "\"limit\":0", "no sensible limit")]
    [InlineData("\"offset\":4096", "\"offset\":9223372036854775807", "not there")]
    [InlineData("\"position\":299000", "\"position\":300001", "impossible")]
    [InlineData("\"markTaken\":3", "\"markTaken\":99", "mark of a reader")]
    [InlineData("\"state\":3", "\"state\":77", "in no state")]
    [InlineData("\"id\":9", "\"id\":5", "comes twice")]
    [InlineData("\"lastViewerId\":9", "\"lastViewerId\":8", "impossible")]
    [InlineData("\"mode\":1", "\"mode\":17", "a viewer is none")]
    public void What_makes_no_sense_is_refused_as_a_whole(string right, string wrong, string problem)
    {
        string text = Encoding.UTF8.GetString(Sample().Write());
        Assert.Contains(right, text, StringComparison.Ordinal);
        int at = text.IndexOf(right, StringComparison.Ordinal);

        Assert.False(HandoverState.TryRead(
            Encoding.UTF8.GetBytes(text[..at] + wrong + text[(at + right.Length)..]), out HandoverState? state, out string error));

        Assert.Null(state);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    /// <summary>What is wrong with one console costs nobody else anything, and descriptors least of all.</summary>
    [Theory]
    [InlineData("\"number\":0,\"hasFullName\"", "\"number\":10,\"hasFullName\"", "no such number", 1, 0)]
    [InlineData("\"end\":300000", "\"end\":299999", "console 0 of domain 7: its newest bytes are not as many", 1, 0)]
    [InlineData("\"state\":3", "\"state\":77", "console 0 of domain 7: a filter is in no state", 2, 1)]
    [InlineData("\"id\":9", "\"id\":5", "comes twice", 2, 1)]
    [InlineData("\"lastViewerId\":9", "\"lastViewerId\":8", "impossible", 2, 1)]
    [InlineData("\"domid\":8", "\"domid\":7", "comes twice", 1, 2)]
    [InlineData("\"domid\":7", "\"domid\":\"seven\"", "$.consoles.consoles[0].domid", 1, 0)]
    [InlineData("\"domid\":8", "\"domid\":8,\"domid\":8", "domid", 1, 2)]
    [InlineData("\"lastViewerId\":9", "\"lastViewerId\":-9", "$.consoles.lastViewerId", 0, 0)]
    [InlineData("\"domid\":7", "\"domid\":7,\"unknown\":1", "unknown", 1, 0)]
    [InlineData("\"consoles\":[{", "\"consoles\":[null,{", "or is none", 2, 2)]
    public void What_is_wrong_with_a_console_takes_neither_the_others_nor_the_descriptors_with_it(
        string right, string wrong, string problem, int consoles, int viewers)
    {
        HandoverState sample = Sample();
        ConsoleState web = sample.Consoles!.Consoles[0];
        ConsoleState db = web with { Domid = 8, Viewers = [], Writer = null };
        string text = Encoding.UTF8.GetString((sample with { Consoles = sample.Consoles with { Consoles = [web, db] } }).Write());
        int at = text.IndexOf(right, StringComparison.Ordinal);
        byte[] document = Encoding.UTF8.GetBytes(text[..at] + wrong + text[(at + right.Length)..]);
        List<string> problems = [];

        HandoverState? state = HandoverState.ReadSound(document, problems);

        Assert.Equal(sample.Descriptors, state!.Descriptors);
        Assert.Contains(problem, Assert.Single(problems), StringComparison.Ordinal);
        Assert.Equal((consoles, viewers), (state.Consoles?.Consoles.Count ?? 0, state.Consoles?.Consoles.Sum(static console => console.Viewers.Count) ?? 0));

        // And what is left is a whole state.
        Assert.True(HandoverState.TryRead(state.Write(), out _, out string error), error);
    }

    [Theory]
    [InlineData("\"number\":17", "\"number\":2")]
    [InlineData("\"name\":\"xcs\"", "\"name\":1")]
    [InlineData("\"consoles\":[{", "\"consoles\":[{{")]
    [InlineData("xcsd-state 2", "xcsd-state 3")]
    public void Where_the_descriptors_cannot_be_known_nothing_is_taken(string right, string wrong)
    {
        string text = Encoding.UTF8.GetString(Sample().Write());
        Assert.Contains(right, text, StringComparison.Ordinal);
        List<string> problems = [];

        Assert.Null(HandoverState.ReadSound(Encoding.UTF8.GetBytes(text.Replace(right, wrong, StringComparison.Ordinal)), problems));
        Assert.NotEmpty(problems);
    }

    /// <summary>Who writes reads it first.</summary>
    [Fact]
    public void What_the_next_daemon_would_refuse_is_left_out_and_the_rest_is_written()
    {
        HandoverState sample = Sample();
        ConsoleState web = sample.Consoles!.Consoles[0];
        ConsoleState tooLate = web with { Domid = 8, Viewers = [], Writer = null, Log = new LogState(300_001, null) };
        ReaderState lost = web.Viewers[0].Reader with { Lost = -1 };
        ConsoleState oneLost = web with { Domid = 9, Viewers = [web.Viewers[0] with { Id = 3 }, web.Viewers[1] with { Id = 4, Reader = lost }], Writer = 3, SeatLine = [4] };
        List<string> wrong = [];

        HandoverState sound = (sample with { Consoles = sample.Consoles with { Consoles = [web, tooLate, oneLost] } }).Sound(wrong);

        Assert.Equal(["console 0 of domain 8: its log has more than there was", "console 0 of domain 9: the place of a reader is impossible"], wrong);
        Assert.Equal([7U, 9U], sound.Consoles!.Consoles.Select(static console => console.Domid));
        Assert.Equal([3UL], sound.Consoles.Consoles[1].Viewers.Select(static viewer => viewer.Id));
        Assert.Empty(sound.Consoles.Consoles[1].SeatLine);
        Assert.True(HandoverState.TryRead(sound.Write(), out _, out string error), error);
    }

    /// <summary>A line of 8 KiB that is not at its end yet, at each of ten thousand consoles: more than the next daemon takes.</summary>
    [Fact]
    public void Of_more_than_a_document_can_have_the_largest_consoles_are_left_out()
    {
        const int Many = 10_000;
        HandoverState sample = Sample();
        ConsoleState quiet = sample.Consoles!.Consoles[0] with { Viewers = [], Writer = null, Journal = null };
        ReaderState end = new(300_000, 0, 0, 0, 0, null, null);
        ConsoleState unfinished = quiet with { Journal = new JournalState(end, new byte[8192], IsWhole: false) };
        HandoverState large = sample with
        {
            Consoles = new ConsolesState(9, [.. Enumerable.Range(0, Many).Select(i => (i % 4 == 0 ? quiet : unfinished) with { Domid = (uint)i })]),
        };
        Assert.False(HandoverState.TryRead(large.Write(), out _, out _));
        List<string> wrong = [];

        HandoverState sound = large.Sound(wrong);

        Assert.Contains("largest", Assert.Single(wrong), StringComparison.Ordinal);
        Assert.Equal(Many / 4, sound.Consoles!.Consoles.Count(static console => console.Journal is null));
        Assert.True(HandoverState.TryRead(sound.Write(), out _, out string error), error);
    }

    /// <summary>Two for each terminal: with ten thousand consoles more than 16,384.</summary>
    [Fact]
    public void As_many_descriptors_as_a_daemon_can_have_open_are_taken()
    {
        HandoverState many = new("0.1.0", [.. Enumerable.Range(3, 65_000).Select(static number => new HandedNumber($"~pty.{number / 2}.0.MyIRAFVEd2aImaq7zN3u_w", number, Stored: false))]);

        Assert.True(HandoverState.TryRead(many.Write(), out _, out string error), error);
    }

    [Theory]
    [InlineData("64", 64)]
    [InlineData("4096", 4096)]
    [InlineData("1000000", 4096)]
    [InlineData("-1", 0)]
    [InlineData(null, 0)]
    public void Of_a_store_no_more_is_used_than_the_next_daemon_can_be_given(string? variable, int capacity)
        => Assert.Equal(capacity, DescriptorStore.CapacityOf(variable));

    /// <summary>No byte that is changed makes the reader throw.</summary>
    [Fact]
    public void Whatever_a_byte_becomes_the_answer_is_an_answer()
    {
        byte[] document = Sample().Write();
        Random random = new(20261129);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. document];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            bool isRead = HandoverState.TryRead(changed, out HandoverState? state, out string error);
            Assert.Equal((isRead, isRead), (state is not null, error.Length == 0));
            List<string> wrong = [];
            HandoverState? sound = HandoverState.ReadSound(changed, wrong);
            Assert.Equal(isRead, wrong.Count == 0);
            Assert.True(sound is null || HandoverState.TryRead(sound.Write(), out _, out error), error);
        }
    }

    /// <summary>What <c>Golden/state-2</c> has.</summary>
    private static HandoverState Sample()
    {
        ReaderState place = new(299_000, 1000, 150, 150, 3, [1, 2, 3], new FilterState(3, [0x1b, (byte)'[', (byte)'1'], 0, 0));
        ReaderState end = new(300_000, 0, 0, 0, 0, null, null);
        ViewerState writer = new(5, place, null, false, ViewerMode.ReadWrite, NoticeForm.Framed, true, true, 639_000_000_000_000_000, 0, null, new ByteRange(0, 10));
        ViewerState reader = new(9, end, OutputLevel.Strip, true, ViewerMode.ReadOnly, NoticeForm.None, false, false, 639_000_000_000_000_000, 12, new ByteRange(5, 5), null);
        HistoryState history = new(
            65536, 4096, true, 4096, 234_464, 300_000, new ByteRange(0, 4096), new ByteRange(4096, 65536), new ByteRange(69632, 48));
        ConsoleState console = new(
            7, new Guid("00112233-4455-6677-8899-aabbccddeeff"), 0, false, history, 17, 4, 1, new ByteRange(1, 2), end, null,
            new LogState(299_900, null), new JournalState(end, [65, 66], false), [writer, reader], 5, [], []);
        return new HandoverState(
            "0.1.0",
            [new HandedNumber("xcs", 4, false), new HandedNumber("~pty.7.0.MyIRAFVEd2aImaq7zN3u_w", 17, true)],
            69_680,
            new ConsolesState(9, [console]));
    }
}
