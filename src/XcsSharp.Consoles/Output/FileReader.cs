namespace XcsSharp.Consoles;

/// <summary>
/// What a file gets of a console: as a <see cref="ConsoleReader"/>, but into a buffer of the outlet's, which may say later that the
/// disk did not take all of it.
/// </summary>
/// <remarks>
/// <see cref="Take"/>, then <see cref="Settle"/>. Nothing is kept here for the case that the disk fails: the filter is set back to where it was and run
/// again over what the backlog still has, so a disk that is full for a day costs no memory. The same is true of time stamps.
/// </remarks>
internal sealed class FileReader
{
    /// <summary>The most of filtered output that is stamped at a time.</summary>
    private const int MostStamped = 2048;

    private readonly BacklogCursor _cursor;
    private readonly TerminalFilter? _filter;
    private readonly TerminalFilter? _before;
    private readonly ArrivalTimes? _times;
    private readonly LineStamps? _stamps;
    private readonly LineStamps? _stampsBefore;
    private long _from;
    private bool _isMark;

    /// <param name="backlog">What is read, from its first byte on.</param>
    /// <param name="level">What of it passes.</param>
    /// <param name="times">When it came: each line begins with a stamp. Trimmed here. Null: no stamps.</param>
    public FileReader(Backlog backlog, OutputLevel level, ArrivalTimes? times = null)
    {
        if (times is not null)
        {
            _times = times;
            _stamps = new LineStamps();
            _stampsBefore = new LineStamps();
        }

        _cursor = new BacklogCursor(backlog, position: 0);
        if (level != OutputLevel.Raw)
        {
            _filter = new TerminalFilter(level);
            _before = new TerminalFilter(level);
        }
    }

    /// <summary>Goes on at a position, as the file of another daemon that has had so many bytes of what was before. Null: as one that begins there.</summary>
    public void Restore(LogState? state, long position)
    {
        _cursor.Restore(new ReaderState(position, state is null ? position : 0, state is null ? 0 : position - state.Logged, 0, 0, null, null));
        _filter?.Restore(state?.Filter);
    }

    /// <summary>Goes on where another reader of the same output is, with its half of a mark, a sequence or a time stamp.</summary>
    public void GoOnAs(FileReader other)
    {
        _cursor.Restore(other._cursor.Describe());
        if (_filter is not null && other._filter is not null)
        {
            _filter.CopyFrom(other._filter);
        }

        if (_stamps is not null && other._stamps is not null)
        {
            _stamps.CopyFrom(other._stamps);
            _times!.CopyFrom(other._times!);
        }
    }

    /// <summary>So many bytes more are in the file already. What of a sequence or a time stamp is there in part comes again, or its rest does.</summary>
    public void GoOnBehind(long written)
    {
        _before?.CopyFrom(_filter!);
        _stampsBefore?.CopyFrom(_stamps!);
        Skip(written);
    }

    /// <summary>What was taken last is a gap mark, and this is the position behind it; null: it is output.</summary>
    public long? BehindMark => _isMark ? _cursor.PositionBehindMark : null;

    /// <summary>Position of what comes next.</summary>
    public long Position => _cursor.Position;

    /// <summary>The filter, in the middle of what it is; null: of nothing.</summary>
    public FilterState? Filter => _filter?.Describe();

    /// <summary>What it has had.</summary>
    public LogState Describe() => new((long)Settled, _filter?.Describe());

    /// <summary>True when there is nothing to write, not even a mark.</summary>
    public bool IsAtEnd => _cursor.IsAtEnd;

    /// <summary>Bytes of output that there are for it yet.</summary>
    public long Unread => _cursor.Unread;

    /// <summary>Bytes of output that are taken and not settled.</summary>
    public long UnderWay { get; private set; }

    /// <summary>Bytes of output that the file will never have.</summary>
    public ulong Lost => _cursor.Lost;

    /// <summary>Bytes of output, as the guest wrote them, of which the file has what passes.</summary>
    public ulong Settled => _cursor.Taken - (ulong)UnderWay;

    /// <summary>True while nobody knows whether the file ends inside a line, which time stamps depend on.</summary>
    public bool IsPlaceUnknown { get; private set; }

    /// <summary>Says where the file ends, before the first <see cref="Take"/> or between two.</summary>
    public void GoOnFrom(bool insideLine)
    {
        IsPlaceUnknown = false;
        _stamps?.GoOnFrom(insideLine);
    }

    /// <summary>The file is another one, or was changed by others: nobody knows where it ends.</summary>
    public void ForgetPlace() => IsPlaceUnknown = _stamps is not null;

    /// <summary>Copies what is next.</summary>
    /// <param name="buffer">Larger than a sequence that is held back; with time stamps, of several KiB.</param>
    /// <returns>How many bytes; 0 also when all that there was did not pass.</returns>
    public int Take(Span<byte> buffer)
    {
        _from = _cursor.Position;
        UnderWay = 0;
        ReadOnlySpan<byte> next = _cursor.Peek();

        // A mark goes alone: only output can be given back when the disk does not take it.
        _isMark = _cursor.IsAtMark;
        _before?.CopyFrom(_filter!);
        _stampsBefore?.CopyFrom(_stamps!);
        if (_isMark)
        {
            _filter?.Reset();
            return Stamp(next, TimeOf(_from = _cursor.Position, out _), buffer);
        }

        int count = 0;
        while (!next.IsEmpty && !_cursor.IsAtMark && MostInput(buffer.Length - count) is > 0 and int most)
        {
            long time = TimeOf(_cursor.Position, out long end);
            next = next[..(int)Math.Min(Math.Min(next.Length, most), end - _cursor.Position)];
            count += Pass(next, time, buffer[count..]);
            _cursor.Advance(next.Length);
            next = _cursor.Peek();
        }

        // Of nothing that is written nobody will say what became of it.
        UnderWay = count > 0 ? _cursor.Position - _from : 0;
        return count;
    }

    /// <summary>Says how many of the bytes that <see cref="Take"/> gave are in the file; the others come again.</summary>
    /// <param name="count">What it gave.</param>
    /// <param name="written">0 to <paramref name="count"/>.</param>
    public void Settle(int count, int written)
    {
        if (_isMark)
        {
            SettleMark(written);
        }
        else if (written < count && _filter is null && _stamps is null)
        {
            _cursor.StepBack(count - written);
        }
        else if (written < count)
        {
            _cursor.StepBack(UnderWay);
            Skip(written);
        }

        _times?.Trim(_cursor.Position);
        UnderWay = 0;
        _isMark = false;
    }

    private int MostInput(int room)
    {
        int filtered = _stamps is null ? room : Math.Min(MostStamped, room / LineStamps.MostOutput(1));
        return _filter is null ? filtered : filtered - TerminalFilter.MostOutput(0);
    }

    private long TimeOf(long position, out long end)
    {
        end = long.MaxValue;
        return _times?.Find(position, out end) ?? 0;
    }

    private int Pass(ReadOnlySpan<byte> next, long time, Span<byte> buffer)
    {
        if (_filter is null)
        {
            return Stamp(next, time, buffer);
        }

        if (_stamps is null)
        {
            return _filter.Filter(next, buffer);
        }

        Span<byte> filtered = stackalloc byte[MostStamped];
        return Stamp(filtered[.._filter.Filter(next, filtered)], time, buffer);
    }

    private int Stamp(ReadOnlySpan<byte> text, long time, Span<byte> buffer)
    {
        if (_stamps is not null)
        {
            return _stamps.Write(text, time, buffer);
        }

        text.CopyTo(buffer);
        return text.Length;
    }

    /// <summary>A mark is taken as far as the disk has it; its rest comes with the next <see cref="Take"/>.</summary>
    private void SettleMark(int written)
    {
        if (_stamps is null)
        {
            _cursor.Advance(written);
            return;
        }

        _stamps.CopyFrom(_stampsBefore!);
        long time = TimeOf(_from, out _);
        Span<byte> output = stackalloc byte[LineStamps.MostOutput(1)];
        while (written > 0 && _cursor.IsAtMark)
        {
            _stampsBefore!.CopyFrom(_stamps);
            int count = _stamps.Write(_cursor.Peek()[..1], time, output);
            if (count > written)
            {
                _stamps.CopyFrom(_stampsBefore);
                _stamps.WritePart(time, written);
                return;
            }

            written -= count;
            _cursor.Advance(1);
        }
    }

    /// <summary>
    /// Goes on to where the disk has stopped. Of a sequence that is there in part all comes again, of a time stamp the rest.
    /// </summary>
    private void Skip(long written)
    {
        if (_filter is not null)
        {
            _filter.CopyFrom(_before!);
        }

        _stamps?.CopyFrom(_stampsBefore!);
        Span<byte> filtered = stackalloc byte[TerminalFilter.MostOutput(1)];
        Span<byte> output = stackalloc byte[LineStamps.MostOutput(1) + TerminalFilter.MostOutput(1)];
        while (written > 0)
        {
            if (!_cursor.TryReadOutput(out byte next))
            {
                long lost = SkipLost(written);
                if (lost == 0)
                {
                    ForgetPlace();
                    return;
                }

                written -= lost;
                continue;
            }

            _before?.CopyFrom(_filter!);
            _stampsBefore?.CopyFrom(_stamps!);
            filtered[0] = next;
            ReadOnlySpan<byte> passed = filtered[..(_filter?.Filter([next], filtered) ?? 1)];
            long time = TimeOf(_cursor.Position, out _);
            int count = Stamp(passed, time, output);
            if (count > written)
            {
                _filter?.CopyFrom(_before!);
                _stamps?.CopyFrom(_stampsBefore!);
                _stamps?.WritePart(time, (int)written);
                return;
            }

            written -= count;
            _cursor.Advance(1);
        }
    }

    /// <summary>
    /// What the backlog has lost meanwhile, and the file has: the mark that follows must not count it. What the filter took out of it nobody can say any more, so a byte
    /// in the file counts as one of output, which is true of all that has no sequences. Of stamped lines it would be far from true; those are all in the mark.
    /// </summary>
    private long SkipLost(long written)
    {
        long lost = _stamps is null ? _cursor.SkipLost(written) : 0;
        if (lost > 0)
        {
            _filter?.Reset();
        }

        return lost;
    }
}
