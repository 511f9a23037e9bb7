namespace XcsSharp.Consoles;

/// <summary>A stretch of the file of bytes that goes with the state.</summary>
public sealed record ByteRange(long Offset, int Length);

/// <summary>What of the consoles outlives a daemon.</summary>
/// <param name="LastViewerId">The last one that was given out.</param>
/// <param name="Consoles">Those of living domains.</param>
public sealed record ConsolesState(ulong LastViewerId, IReadOnlyList<ConsoleState> Consoles)
{
    private const int MostConsoles = 65536;

    /// <summary>What of it makes no sense; null: nothing.</summary>
    /// <param name="bytes">Length of the file that its ranges are of.</param>
    public string? Problem(long bytes)
    {
        List<string> wrong = [];
        _ = Sift(bytes, wrong);
        return wrong.FirstOrDefault();
    }

    /// <summary>What of it makes sense. A console that does not is left out, and so is a viewer, whose console stays: none takes another with it.</summary>
    /// <param name="bytes">As for <see cref="Problem"/>.</param>
    /// <param name="wrong">Gets what is wrong with each that is left out.</param>
    public ConsolesState Sift(long bytes, ICollection<string> wrong)
    {
        HashSet<(uint, int)> seen = [];
        HashSet<ulong> viewers = [];
        List<ConsoleState> sound = [];
        foreach (ConsoleState console in Consoles)
        {
            if (sound.Count == MostConsoles)
            {
                wrong.Add($"there are more than {MostConsoles} consoles");
                break;
            }

            if (console is null || !seen.Add((console.Domid, console.Number)))
            {
                wrong.Add("a console comes twice, or is none");
            }
            else if (console.Problem(bytes) is string problem)
            {
                wrong.Add($"console {console.Number} of domain {console.Domid}: {problem}");
            }
            else
            {
                sound.Add(console.SiftViewers(bytes, LastViewerId, viewers, wrong));
            }
        }

        return this with { Consoles = sound };
    }

    internal static bool IsIn(ByteRange? range, long bytes)
        => range is null || (range.Offset >= 0 && range.Length >= 0 && range.Offset <= bytes - range.Length);
}

/// <summary>One console.</summary>
/// <param name="Domid">Its domain's.</param>
/// <param name="Uuid">Its domain's: a domid that is used again is another's.</param>
/// <param name="Number">Which of the domain's.</param>
/// <param name="HasFullName">Its domain's name alone means another.</param>
/// <param name="History">What it has printed.</param>
/// <param name="LostByDeparted">Bytes that readers had missed who are gone.</param>
/// <param name="BytesIn">Bytes given to the guest. Of the hypervisor's log, which takes none: how far its ring was read, 0 where nobody has said so.</param>
/// <param name="InputDropped">Bytes of input that found no room.</param>
/// <param name="Input">What was typed by who is gone and the guest has not got.</param>
/// <param name="Terminal">Null: nothing was ever written to it.</param>
/// <param name="TerminalInput">What was typed there and the guest has not got.</param>
/// <param name="Log">Null: nothing was ever logged.</param>
/// <param name="Journal">Null: there is none.</param>
/// <param name="Viewers">As they came.</param>
/// <param name="Writer">The viewer that types.</param>
/// <param name="SeatLine">Those that wait for the seat.</param>
/// <param name="SeatAsked">Those before them, which have asked for it.</param>
public sealed record ConsoleState(
    uint Domid,
    Guid Uuid,
    int Number,
    bool HasFullName,
    HistoryState History,
    ulong LostByDeparted,
    ulong BytesIn,
    ulong InputDropped,
    ByteRange? Input,
    ReaderState? Terminal,
    ByteRange? TerminalInput,
    LogState? Log,
    JournalState? Journal,
    IReadOnlyList<ViewerState> Viewers,
    ulong? Writer,
    IReadOnlyList<ulong> SeatLine,
    IReadOnlyList<ulong> SeatAsked)
{
    private const int MostViewers = 65536;

    internal string? Problem(long bytes)
        => Number is < ConsoleId.Control or > 9 ? "there is no such number"
            : History.Problem(bytes)
                ?? Terminal?.Problem(History)
                ?? Log?.Problem(History)
                ?? Journal?.Problem(History)
                ?? (!ConsolesState.IsIn(Input, bytes) || !ConsolesState.IsIn(TerminalInput, bytes) ? "what was typed is not there"
                    : Viewers.Count > MostViewers || Viewers.Any(static viewer => viewer is null) ? "its viewers are none"
                    : SeatLine.Count > Viewers.Count || SeatAsked.Count > Viewers.Count ? "more wait for the seat than there are"
                    : null);

    /// <summary>Without the viewers that make no sense; nor does one of them type or wait.</summary>
    /// <param name="bytes">Length of the file of bytes.</param>
    /// <param name="lastId">The last number of a viewer that was given out.</param>
    /// <param name="seen">Numbers of viewers so far.</param>
    /// <param name="wrong">Gets what is wrong with each.</param>
    internal ConsoleState SiftViewers(long bytes, ulong lastId, HashSet<ulong> seen, ICollection<string> wrong)
    {
        List<ViewerState> sound = [];
        foreach (ViewerState viewer in Viewers)
        {
            string? problem = viewer.Problem(History, bytes)
                ?? (viewer.Id > lastId || !seen.Add(viewer.Id) ? "the number of a viewer is impossible, or comes twice" : null);
            if (problem is null)
            {
                sound.Add(viewer);
            }
            else
            {
                wrong.Add($"console {Number} of domain {Domid}: {problem}");
            }
        }

        if (sound.Count == Viewers.Count)
        {
            return this;
        }

        HashSet<ulong> known = [.. sound.Select(static viewer => viewer.Id)];
        return this with { Viewers = sound, SeatLine = [.. SeatLine.Where(known.Contains)], SeatAsked = [.. SeatAsked.Where(known.Contains)] };
    }
}

/// <summary>The output of a console: see <see cref="Backlog"/>.</summary>
/// <param name="Limit">The most bytes of the newest part.</param>
/// <param name="BootLimit">The most bytes of the boot part.</param>
/// <param name="HasBoot">False once that had to give way.</param>
/// <param name="NewestFrom">Where the newest part began.</param>
/// <param name="NewestStart">Where what is left of it begins.</param>
/// <param name="End">Behind the last byte.</param>
/// <param name="Boot">What there is of the boot part.</param>
/// <param name="Newest">And of the newest.</param>
/// <param name="Times">Positions and times, three numbers of 64 bits each.</param>
public sealed record HistoryState(
    int Limit, int BootLimit, bool HasBoot, long NewestFrom, long NewestStart, long End, ByteRange Boot, ByteRange Newest, ByteRange Times)
{
    private const int MostLimit = 1 << 30;

    internal string? Problem(long bytes)
        => Limit is < 1 or > MostLimit || BootLimit is < 0 or > MostLimit || (HasBoot && BootLimit == 0) ? "its history has no sensible limit"
            : NewestFrom < 0 || NewestFrom > BootLimit || NewestStart < 0 || End < NewestStart || (HasBoot && NewestFrom != BootLimit) ? "its positions are impossible"
            : !ConsolesState.IsIn(Boot, bytes) || !ConsolesState.IsIn(Newest, bytes) || !ConsolesState.IsIn(Times, bytes) ? "its output is not there"
            : Boot.Length != (HasBoot ? Math.Min(End, NewestFrom) : 0) ? "its first bytes are not as many as they should be"
            : Newest.Length != (End > NewestFrom || !HasBoot ? End - NewestStart : 0) || Newest.Length > Limit ? "its newest bytes are not as many as they should be"
            : (HasBoot && End > NewestFrom && NewestStart < NewestFrom) || (!HasBoot && NewestStart < NewestFrom) ? "its parts overlap"
            : Times.Length % OutputTimes.StretchBytes != 0 || Times.Length > OutputTimes.MostRestored * OutputTimes.StretchBytes ? "its times are none"
            : null;
}

/// <summary>A place in an output: see <see cref="BacklogCursor"/>.</summary>
/// <param name="Position">Of the next byte.</param>
/// <param name="First">Where it began.</param>
/// <param name="Lost">Bytes that it has missed.</param>
/// <param name="MarkedBytes">Of the gap mark that is being taken.</param>
/// <param name="MarkTaken">How much of that mark is.</param>
/// <param name="Pending">What was filtered, or is to be said before, and was not taken yet.</param>
/// <param name="Filter">In the middle of what; null: of nothing.</param>
public sealed record ReaderState(
    long Position, long First, long Lost, long MarkedBytes, int MarkTaken, byte[]? Pending, FilterState? Filter)
{
    private const int MostPending = 64 * 1024;

    internal string? Problem(HistoryState history)
        => First < 0 || Position < First || Position > history.End || Lost < 0 || Lost > Position - First ? "the place of a reader is impossible"
            : MarkedBytes < 0 || MarkedBytes > Lost || MarkTaken < 0 || MarkTaken >= BacklogCursor.MarkLength(MarkedBytes) ? "the mark of a reader is impossible"
            : Pending?.Length > MostPending ? "a reader keeps too much"
            : Filter?.Problem();
}

/// <summary>A filter in the middle of a sequence: see <see cref="TerminalFilter"/>.</summary>
public sealed record FilterState(int State, byte[] Held, int StringLength, int Continuations)
{
    internal string? Problem() => TerminalFilter.IsState(this) ? null : "a filter is in no state";
}

/// <summary>A console's log.</summary>
/// <param name="Logged">Bytes that it has had.</param>
/// <param name="Filter">In the middle of what; null: of nothing.</param>
public sealed record LogState(long Logged, FilterState? Filter)
{
    internal string? Problem(HistoryState history) => Logged < 0 || Logged > history.End ? "its log has more than there was" : Filter?.Problem();
}

/// <summary>A console's place in the journal.</summary>
/// <param name="Reader">Its reader.</param>
/// <param name="Line">What the line that is not sent has so far.</param>
/// <param name="IsWhole">Whether that is all of it.</param>
public sealed record JournalState(ReaderState Reader, byte[] Line, bool IsWhole)
{
    internal string? Problem(HistoryState history)
        => Line.Length > GuestJournal.MaxLine || (IsWhole && Line.Length == 0) ? "its line for the journal is none" : Reader.Problem(history);
}

/// <summary>One that is attached.</summary>
/// <param name="Id">Its number, and that of its descriptor.</param>
/// <param name="Reader">What it gets next.</param>
/// <param name="Level">What of the output passes; null: as the settings say.</param>
/// <param name="Follow">Goes on with the domain's next life.</param>
/// <param name="Mode">What it may do.</param>
/// <param name="Notices">How it hears of the seat.</param>
/// <param name="IsAsked">Whether it was told who it is.</param>
/// <param name="MayWrite">Whether it has the right to type.</param>
/// <param name="Since">When it came: ticks, UTC.</param>
/// <param name="InputRefused">Bytes that it typed in vain.</param>
/// <param name="Input">What it typed and the guest has not got.</param>
/// <param name="Unsent">What is queued for it.</param>
public sealed record ViewerState(
    ulong Id,
    ReaderState Reader,
    OutputLevel? Level,
    bool Follow,
    ViewerMode Mode,
    NoticeForm Notices,
    bool IsAsked,
    bool MayWrite,
    long Since,
    ulong InputRefused,
    ByteRange? Input,
    ByteRange? Unsent)
{
    internal string? Problem(HistoryState history, long bytes)
        => Id == 0 || (Level is { } level && !Enum.IsDefined(level)) || !Enum.IsDefined(Mode) || !Enum.IsDefined(Notices) ? "a viewer is none"
            : Since < 0 || Since > DateTime.MaxValue.Ticks ? "a viewer came at no time"
            : !ConsolesState.IsIn(Input, bytes) || !ConsolesState.IsIn(Unsent, bytes) ? "what a viewer was to get is not there"
            : Reader.Problem(history);
}
