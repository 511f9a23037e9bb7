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
