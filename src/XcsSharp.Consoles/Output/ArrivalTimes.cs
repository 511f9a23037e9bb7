namespace XcsSharp.Consoles;

/// <summary>
/// When the lines of a console's output came: for each position of its <see cref="Backlog"/> from some position on, the time of the line that has it.
/// </summary>
/// <remarks>
/// A run of positions is an entry only if a line begins in it and its millisecond is another than the one before, so that a guest that is typed at
/// makes no entry for each key. At <see cref="Limit"/> entries two and two become one, with the later time of both. So the memory has an end, and times
/// become coarser where a reader is far behind; but they never go back, also for a reader that has had the first lines of a run before: with the earlier time they would.
/// Invariant: positions of entries grow, and the first one is at or before the oldest position that anybody may still ask for.
/// </remarks>
internal sealed class ArrivalTimes
{
    /// <summary>The most entries, 16 bytes each. A reader that keeps up needs no more than the milliseconds that it waits.</summary>
    public const int Limit = 1024;

    private readonly List<(long Position, long Time)> _runs = [];
    private bool _isInLine;

    /// <summary>Entries now: 0..<see cref="Limit"/>.</summary>
    public int Count => _runs.Count;

    /// <summary>Output has come.</summary>
    /// <param name="position">Of its first byte.</param>
    /// <param name="output">All of it.</param>
    /// <param name="time">In ms, of whatever clock.</param>
    public void Add(long position, ReadOnlySpan<byte> output, long time)
    {
        if (output.IsEmpty)
        {
            return;
        }

        bool beginsLine = !_isInLine || output[..^1].Contains((byte)'\n');
        _isInLine = output[^1] != (byte)'\n';
        if (_runs.Count > 0 && (!beginsLine || _runs[^1].Time == time))
        {
            return;
        }

        if (_runs.Count == Limit)
        {
            Thin();
        }

        _runs.Add((position, time));
    }

    /// <summary>Becomes what the other one is.</summary>
    public void CopyFrom(ArrivalTimes other)
    {
        _runs.Clear();
        _runs.AddRange(other._runs);
        _isInLine = other._isInLine;
    }

    /// <summary>When the line of this position came.</summary>
    /// <param name="position">Not before what was trimmed; after the newest it is the newest one's.</param>
    /// <param name="end">Position from which on there is another answer.</param>
    /// <returns>In ms; 0 while nothing has come.</returns>
    public long Find(long position, out long end)
    {
        int index = Math.Max(0, IndexOf(position));
        end = index + 1 < _runs.Count ? _runs[index + 1].Position : long.MaxValue;
        return _runs.Count > 0 ? _runs[index].Time : 0;
    }

    /// <summary>Nobody asks for what is before this position any more.</summary>
    public void Trim(long position)
    {
        int index = IndexOf(position);
        if (index > 0)
        {
            _runs.RemoveRange(0, index);
        }
    }

    /// <returns>Of the last run that begins at the position or before it; -1 when there is none.</returns>
    private int IndexOf(long position)
    {
        int from = 0;
        int to = _runs.Count;
        while (from < to)
        {
            int middle = (from + to) / 2;
            if (_runs[middle].Position <= position)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return from - 1;
    }

    private void Thin()
    {
        int kept = 0;
        for (int i = 0; i < _runs.Count; i += 2)
        {
            _runs[kept++] = (_runs[i].Position, _runs[Math.Min(i + 1, _runs.Count - 1)].Time);
        }

        _runs.RemoveRange(kept, _runs.Count - kept);
    }
}
