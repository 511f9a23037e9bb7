namespace XcsSharp.Consoles;

/// <summary>
/// The output of one console that is kept: its first bytes, which say how the guest started, and its newest. Every byte has an
/// absolute position, counted from the console's first byte, so that any number of readers
/// (<see cref="BacklogCursor"/>) can follow at their own speed.
/// </summary>
/// <remarks>
/// Loop thread only. Each byte is copied here once, whichever part it belongs to, and never moves, but within the
/// first 32 KiB of a part. Appending never waits for a reader and never fails; the oldest of the newest part give way, and
/// each reader finds out for itself what it has missed. At the limit of all histories (<see cref="HistoryBudget"/>) more may give way:
/// the oldest of the newest part, then the boot part, then the rest.
/// Invariants
/// 1. <c>Start &lt;= End</c>, and both only grow.
/// 2. What is there is <c>[0, BootEnd)</c> and <c>[NewestStart, End)</c>; between them is the one gap, which only grows.
/// </remarks>
public sealed class Backlog
{
    private readonly HistoryBudget _budget;
    private readonly ChunkRing? _boot;
    private readonly ChunkRing _newest;
    private bool _hasBoot;
    private long _newestFrom;
    private long _start;

    /// <param name="limit">The most bytes of the newest part; at least 1.</param>
    /// <param name="boot">Bytes of the boot part; may be 0.</param>
    /// <param name="budget">What all consoles share; null: no other limit.</param>
    public Backlog(int limit, int boot = 0, HistoryBudget? budget = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(boot);
        Limit = limit;
        BootLimit = boot;
        _budget = budget ?? new HistoryBudget(long.MaxValue);
        _boot = boot > 0 ? new ChunkRing(this, _budget, boot) : null;
        _newest = new ChunkRing(this, _budget, limit);
        _hasBoot = boot > 0;
        _newestFrom = _start = boot;
    }

    /// <summary>The most bytes of the newest part: a reader may be so far behind and misses nothing, unless all histories are at their limit.</summary>
    public int Limit { get; }

    /// <summary>The most bytes of the boot part.</summary>
    public int BootLimit { get; }

    /// <summary>Bytes of memory taken now: 0 to both parts' limits.</summary>
    public int Capacity { get; internal set; }

    /// <summary>Position of the oldest byte that is retained.</summary>
    public long Start => BootEnd > 0 ? 0 : NewestStart;

    /// <summary>Behind the last byte of the boot part, as far as that is written; 0 when there is none, or it had to give way.</summary>
    public long BootEnd => _hasBoot ? Math.Min(End, _newestFrom) : 0;

    /// <summary>Position of the oldest byte of the newest part; <see cref="BootEnd"/> while nothing is missing between the two.</summary>
    public long NewestStart => Math.Min(_start, End);

    /// <summary>Position that the next byte will get; so many bytes were ever appended.</summary>
    public long End { get; private set; }

    /// <summary>Gap marks that its readers were given, of all of them together.</summary>
    public ulong Gaps { get; internal set; }

    /// <summary>Places in the budget's lists.</summary>
    internal Backlog? Next { get; set; }

    internal Backlog? Previous { get; set; }

    internal bool WasFirst { get; set; }

    internal bool HasEnded { get; set; }

    /// <summary>Adds output at the end, and forgets the oldest bytes where there is no room for both.</summary>
    public void Append(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty && End < _newestFrom)
        {
            int count = (int)Math.Min(data.Length, _newestFrom - End);
            Span<byte> room = _boot!.Room(End, count);
            if (_hasBoot)
            {
                Put(ref data, room[..Math.Min(count, room.Length)]);
            }
            else
            {
                // To get it, all of the part was given up.
                _boot.ReleaseAll();
            }
        }

        if (data.Length > Limit)
        {
            // Of data that is larger than all there may be only the end is ever readable.
            End += data.Length - Limit;
            data = data[^Limit..];
            _start = End;
        }

        while (!data.IsEmpty)
        {
            Put(ref data, _newest.Room(End - _newestFrom, data.Length));
            _start = Math.Max(_start, End - Limit);
        }
    }

    /// <summary>
    /// The retained bytes from <paramref name="position"/> on, as far as they lie in one piece; empty at the end. Valid until
    /// the next <see cref="Append"/> to any backlog of the same budget.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not retained, or after <see cref="End"/>.</exception>
    public ReadOnlySpan<byte> Read(long position)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(position, Start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, End);
        ArgumentOutOfRangeException.ThrowIfNotEqual(position, NextRetained(position));
        if (position == End)
        {
            return [];
        }

        bool isBoot = position < BootEnd;
        ReadOnlySpan<byte> piece = isBoot ? _boot!.Read(position) : _newest.Read(position - _newestFrom);
        return piece[..(int)Math.Min((isBoot ? BootEnd : End) - position, piece.Length)];
    }

    /// <summary>The retained bytes before <paramref name="position"/>, as far as they lie in one piece; empty at the start, and behind a gap.</summary>
    /// <param name="position">A retained byte's, or <see cref="End"/>.</param>
    public ReadOnlySpan<byte> ReadBefore(long position)
    {
        bool isBoot = position <= BootEnd;
        long from = isBoot ? 0 : NewestStart;
        if (position <= from)
        {
            return [];
        }

        ReadOnlySpan<byte> piece = isBoot ? _boot!.ReadBefore(position) : _newest.ReadBefore(position - _newestFrom);
        return piece[^(int)Math.Min(position - from, piece.Length)..];
    }

    /// <summary>Whether these are the newest bytes, in however many pieces they lie.</summary>
    public bool EndsWith(ReadOnlySpan<byte> data)
    {
        for (long position = End; !data.IsEmpty;)
        {
            ReadOnlySpan<byte> piece = ReadBefore(position);
            int count = Math.Min(piece.Length, data.Length);
            if (count == 0 || !piece[^count..].SequenceEqual(data[^count..]))
            {
                return false;
            }

            data = data[..^count];
            position -= count;
        }

        return true;
    }

    /// <summary>The position of the first retained byte that is not before this one; <see cref="End"/> when there is none.</summary>
    public long NextRetained(long position) => position < BootEnd ? position : Math.Max(position, NewestStart);

    /// <summary>How many of the bytes from this position on are not retained any more.</summary>
    public long MissingFrom(long position) => Math.Max(0, NewestStart - Math.Max(position, BootEnd));

    /// <summary>
    /// The position where the last lines begin; where fewer are retained, the oldest one that can be reached without a gap. A line feed at the very end
    /// begins no line.
    /// </summary>
    /// <param name="lines">0: the end.</param>
    public long FindLastLines(int lines)
    {
        long position = End;
        int toFind = lines + (End > 0 && ReadBefore(End) is [.., (byte)'\n'] ? 1 : 0);
        while (lines > 0 && ReadBefore(position) is { IsEmpty: false } piece)
        {
            for (int feed = piece.LastIndexOf((byte)'\n'); feed >= 0; feed = piece[..feed].LastIndexOf((byte)'\n'))
            {
                if (--toFind == 0)
                {
                    return position - piece.Length + feed + 1;
                }
            }

            position -= piece.Length;
        }

        return position;
    }

    /// <summary>Its domain is gone: nothing more will come, and it gives way before the living.</summary>
    public void OnEnded() => _budget.OnEnded(this);

    /// <summary>Goes on with an output that another daemon has kept.</summary>
    internal static Backlog Restore(HistoryState state, HistoryBudget budget, ReadOnlySpan<byte> boot, ReadOnlySpan<byte> newest)
    {
        Backlog backlog = new(state.Limit, state.BootLimit, budget);
        if (state.HasBoot)
        {
            backlog.Append(boot);
            if (state.End > state.NewestFrom)
            {
                backlog.End = backlog._start = state.NewestStart;
            }
        }
        else
        {
            backlog._hasBoot = false;
            backlog._newestFrom = state.NewestFrom;
            backlog.End = backlog._start = state.NewestStart;
        }

        backlog.Append(newest);
        return backlog;
    }

    /// <summary>Of what came before that position nothing is kept.</summary>
    internal static Backlog BeginAt(long position, int limit, int boot, HistoryBudget? budget)
        => new(limit, boot, budget) { _hasBoot = false, _newestFrom = 0, _start = position, End = position };

    /// <summary>All that another daemon needs to go on with it.</summary>
    internal HistoryState Describe(IHandoverSink sink, OutputTimes times)
        => new(
            Limit,
            BootLimit,
            _hasBoot,
            _newestFrom,
            NewestStart,
            End,
            sink.Put(Copy(0, BootEnd)),
            sink.Put(Copy(Math.Max(NewestStart, BootEnd), End)),
            sink.Put(times.Describe()));

    /// <summary>Retained bytes without a gap.</summary>
    private byte[] Copy(long from, long to)
    {
        byte[] bytes = new byte[to - from];
        for (long at = from; at < to;)
        {
            ReadOnlySpan<byte> piece = Read(at);
            piece = piece[..(int)Math.Min(piece.Length, to - at)];
            piece.CopyTo(bytes.AsSpan((int)(at - from)));
            at += piece.Length;
        }

        return bytes;
    }

    /// <summary>Forgets everything; what readers have not taken is a gap.</summary>
    public void Clear()
    {
        GiveUpBoot();
        _newest.ReleaseAll();
        _start = End;
    }

    /// <summary>At the limit of all histories: gives up something. Has something.</summary>
    internal void GiveWay()
    {
        if (_newest.Chunks <= 1 && _hasBoot && _boot!.Chunks > 0)
        {
            GiveUpBoot();
        }
        else
        {
            _start = _newestFrom + _newest.ReleaseOldest(NewestStart - _newestFrom, End - _newestFrom);
        }
    }

    private void GiveUpBoot()
    {
        if (_hasBoot)
        {
            _hasBoot = false;
            if (End < _newestFrom)
            {
                _newestFrom = _start = End;
            }

            _boot!.ReleaseAll();
        }
    }

    private void Put(ref ReadOnlySpan<byte> data, Span<byte> room)
    {
        int count = Math.Min(room.Length, data.Length);
        data[..count].CopyTo(room);
        data = data[count..];
        End += count;
    }
}
