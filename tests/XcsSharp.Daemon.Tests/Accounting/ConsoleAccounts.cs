using System.Text.Json;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Accounting;

/// <summary>
/// One guest's console and the accounts of all who read it: during one life of the daemon, and over all of them the log's.
/// </summary>
internal sealed class ConsoleAccounts(Lab lab, AccountedGuest guest)
{
    private readonly List<AccountedReader> _readers = [];
    private long _begins;
    private long _missedByDeparted;
    private long _mostMissedByDeparted;
    private long _loggedBefore;
    private int _number;

    /// <summary>A reader of LOG that may have come to a history with a gap: that is marked for it, but nobody has dropped anything.</summary>
    private AccountedReader? _lateLog;

    public AccountedGuest Guest => guest;

    public AccountedLog Log { get; } = new(lab.Places.LogDirectory, guest.Name, guest.Text);

    public IReadOnlyList<AccountedReader> Readers => _readers;

    /// <summary>The position of this console's first byte in this life of the daemon.</summary>
    public long Begins => _begins;

    /// <summary>Readers in all lives; bytes that they got; bytes that their marks stood for.</summary>
    public (int Readers, long Delivered, long Marked) Figures { get; private set; }

    /// <summary>
    /// The readers that each console always has, attached to a daemon that has just taken it up: where its history begins shows with the first
    /// letters that the first of them gets.
    /// </summary>
    /// <param name="begins">Null: that shows.</param>
    /// <param name="isKilled">The daemon before was killed: the console goes on, and what is left of its history may begin later.</param>
    public async Task OpenAsync(long? begins, bool isKilled = false)
    {
        _missedByDeparted = _mostMissedByDeparted = 0;
        AccountedReader first = await AttachAsync("ATTACH", "from=boot follow mode=ro", begins, static () => (0, long.MaxValue));
        if (begins is null)
        {
            guest.Print(2 * LetterText.Unique);
            await first.WaitAsync(static account => account.Start is not null, "its first letters");
        }

        _begins = first.Account.Start!.Value;
        AccountedReader log = await AttachAsync("LOG", "from=boot follow", _begins, () => (_begins, _begins));
        _lateLog = begins is null || isKilled ? log : null;

        // A terminal goes on where the one before was, and nobody knows how much of that its reader had.
        OpenTerminal(isKilled ? null : _begins);
    }

    /// <summary>Another viewer that begins anywhere.</summary>
    public async Task AttachSomewhereAsync(Random random)
    {
        int tail = random.Next(1, 40_000);
        string[] wishes = ["all", "new", "from=boot", $"tail={tail}", ""];
        string wish = wishes[random.Next(wishes.Length)];
        long before = (long)(await guest.EntryAsync()).BytesOut + _begins;
        long earliest = wish switch
        {
            "new" => before,
            _ when wish.StartsWith("tail=", StringComparison.Ordinal) => Math.Max(_begins, before - tail),
            "" => Math.Max(_begins, before - OperatorProtocol.RecentBytes),
            _ => _begins,
        };
        await AttachAsync("ATTACH", $"{wish} mode=ro".TrimStart(), wish == "from=boot" ? _begins : null, () => (earliest, guest.Produced));
    }

    /// <summary>One of those that come and go leaves, in the middle of whatever comes.</summary>
    public async Task LeaveAsync(Random random)
    {
        AccountedReader[] guests = [.. _readers.Where(static reader => reader is { IsViewer: true, Follows: false })];
        if (guests.Length == 0)
        {
            return;
        }

        AccountedReader leaving = guests[random.Next(guests.Length)];
        _readers.Remove(leaving);
        await leaving.DisposeAsync();
        leaving.CheckStart();
        Count(leaving);

        // What it had missed and was not told yet, nobody can say any more.
        _missedByDeparted += leaving.Account.MarkedInThisLife;
        long start = leaving.Account.Start ?? leaving.Begins.Least;
        _mostMissedByDeparted += Math.Max(leaving.Account.MarkedInThisLife, guest.Produced - start - leaving.Account.Delivered);
    }

    /// <summary>The guest's domain goes, and comes again: who follows goes on, all others end with its last byte.</summary>
    public async Task RebootAsync()
    {
        if (!guest.HasRing)
        {
            await SettleAsync();
        }

        await guest.EndAsync();
        long end = guest.Produced;

        // All of them: the terminal ends when the last of the others has the last byte.
        _readers.ForEach(static reader => reader.GoOn());
        foreach (AccountedReader reader in _readers.ToArray())
        {
            if (reader.Follows)
            {
                await reader.WaitForAsync(end);
            }
            else
            {
                await reader.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
                await DropAsync(reader);
            }

            reader.CheckAt(end);
        }

        await guest.BeginAsync();
        _begins = guest.LifeStart;
        Assert.Equal(end, _begins);
        _lateLog = null;
        Log.Read();
        _loggedBefore = Log.Account.Delivered;
        _missedByDeparted = _mostMissedByDeparted = 0;
        foreach (AccountedReader reader in _readers)
        {
            await reader.WaitAsync(account => account.Lives.LastOrDefault() == end, $"the life that begins at {end}");
        }

        OpenTerminal(_begins);
    }

    /// <summary>
    /// The guest falls silent, everybody reads: each has, or was told to have missed, every byte since its start; and the daemon's counters
    /// say the same.
    /// </summary>
    public async Task SettleAsync()
    {
        guest.Print(2 * LetterText.Unique);
        await guest.PrintedAsync();
        long end = guest.Produced;
        foreach (AccountedReader reader in _readers)
        {
            reader.GoOn();
            await reader.WaitForAsync(end);
            reader.CheckAt(end);
        }

        DomainList list = await OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            now => guest.EntryIn(now) is { } entry && entry.BytesLogged + entry.BytesNotLogged == (ulong)(end - _begins),
            $"all of {guest.Name} in the log",
            Lab.Cancel);
        await CheckCountersAsync(list, end);
    }

    /// <summary>The daemon has ended: nobody gets more. The log says how far this life went, and has at least what was said to be in it.</summary>
    /// <param name="last">What the daemon said last.</param>
    /// <param name="isKilled">The next one goes on counting.</param>
    public async Task CloseAsync(DomainList last, bool isKilled)
    {
        foreach (AccountedReader reader in _readers.ToArray())
        {
            reader.GoOn();
            await reader.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
            reader.CheckStart();
            await DropAsync(reader);
        }

        Log.Read();
        Assert.True(
            Log.Account.Delivered - _loggedBefore >= (long)guest.EntryIn(last)!.BytesLogged,
            $"{guest.EntryIn(last)!.BytesLogged} bytes were logged, {Log.Account.Delivered - _loggedBefore} are in the file");
        _loggedBefore = isKilled ? _loggedBefore : Log.Account.Delivered;
    }

    private async Task CheckCountersAsync(DomainList list, long end)
    {
        ConsoleEntry entry = guest.EntryIn(list)!;
        Assert.Equal((ulong)(end - _begins), entry.BytesOut);

        // The log's marks stand in its file, and in no other figure.
        Log.Read();
        Assert.Equal(end, Log.Account.Position);

        long marked = _readers.Sum(static reader => reader.Account.MarkedInThisLife);
        long before = _lateLog?.Account.FirstMark ?? 0;
        Assert.InRange((long)entry.BytesDropped, marked + _missedByDeparted - before, marked + _mostMissedByDeparted);

        ViewerList who = await OperatorDocuments.WhoAsync(lab.Places.Console, Lab.Cancel);
        ConsoleViewers viewers = who.Consoles.Single(console => console.Name == guest.Name);
        Assert.Equal(
            _readers.Where(static reader => reader.IsViewer).Select(static reader => (reader.ViewerId, (ulong)reader.Account.MarkedInThisLife)).Order(),
            viewers.Viewers.Select(static viewer => ((ulong?)viewer.Id, viewer.BytesLost)).Order());

        FigureList top = await OperatorDocuments.TopAsync(lab.Places.Console, Lab.Cancel);
        GuestFigures figures = top.Guests.Single(one => one.Name == guest.Name);
        Assert.Equal((entry.BytesOut, entry.BytesDropped + entry.BytesNotLogged), (figures.Out, figures.Dropped));

        ChildResult xcsctl = await ChildProcess.RunAsync(Executables.Cli, ["--socket", lab.Places.Console, "list", "--json"], Lab.Cancel);
        ConsoleEntry shown = guest.EntryIn(JsonSerializer.Deserialize(xcsctl.Output, OperatorJson.Default.DomainList)!)!;
        Assert.Equal((entry.BytesOut, entry.BytesDropped, entry.BytesNotLogged), (shown.BytesOut, shown.BytesDropped, shown.BytesNotLogged));
    }

    private async Task<AccountedReader> AttachAsync(string verb, string words, long? start, Func<(long Least, long Greatest)> begins)
    {
        ReaderAccount account = new($"reader {++_number} of {guest.Name} ({verb} {words})", guest.Text, start);
        AccountedReader reader = await AccountedReader.AskAsync(lab, $"{verb} {guest.Name} {words}", account, begins);
        _readers.Add(reader);
        return reader;
    }

    private void OpenTerminal(long? start)
        => _readers.Add(AccountedReader.OpenTerminal(
            lab.PtyOf(guest.Name),
            new ReaderAccount($"terminal of {guest.Name}", guest.Text, start),
            (start ?? _begins, start ?? guest.Produced)));

    private async Task DropAsync(AccountedReader reader)
    {
        _ = _readers.Remove(reader);
        await reader.DisposeAsync();
        Count(reader);
    }

    private void Count(AccountedReader reader)
        => Figures = (Figures.Readers + 1, Figures.Delivered + reader.Account.Delivered, Figures.Marked + reader.Account.Marked);
}
