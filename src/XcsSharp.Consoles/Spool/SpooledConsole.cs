namespace XcsSharp.Consoles;

/// <summary>What a daemon that was killed has left of one console.</summary>
/// <param name="Slot">Where in the file.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="LogName">The file of its log; empty: it had none.</param>
/// <param name="Record">How far it was.</param>
internal sealed record SpooledConsole(int Slot, SpoolOwner Owner, string LogName, SpoolRecord Record)
{
    private readonly List<(long Position, long Time, byte[] Output)> _pieces = [];

    /// <summary>How far it is by now.</summary>
    public SpoolRecord Record { get; set; } = Record;

    /// <summary>Where its log goes on: what it was to get could not be written yet. Null: it has all, or there is none.</summary>
    public FileReader? Log { get; set; }

    /// <summary>Position of the first byte that is left, without a gap from there to <see cref="End"/>.</summary>
    public long Start => _pieces.Count > 0 ? _pieces[0].Position : End;

    public long End => Record.End;

    /// <summary>One piece more, in the order of the ring.</summary>
    /// <remarks>
    /// A daemon may be killed between an entry and the record that counts it; the guest's ring has those bytes still, and they came
    /// to the next daemon at the same position.
    /// </remarks>
    public void Add(SpoolEntry entry, byte[] output)
    {
        if (entry.Position < 0 || entry.Position >= End)
        {
            return;
        }

        if (output.Length > End - entry.Position)
        {
            output = output[..(int)(End - entry.Position)];
        }

        while (_pieces.Count > 0 && _pieces[^1].Position >= entry.Position)
        {
            _pieces.RemoveAt(_pieces.Count - 1);
        }

        if (_pieces.Count > 0)
        {
            (long position, long time, byte[] last) = _pieces[^1];
            if (position + last.Length < entry.Position)
            {
                _pieces.Clear();
            }
            else if (position + last.Length > entry.Position)
            {
                _pieces[^1] = (position, time, last[..(int)(entry.Position - position)]);
            }
        }

        _pieces.Add((entry.Position, entry.Time, output));
    }

    /// <summary>All entries were added. What does not reach to the end is of no use: the rest of it was overwritten.</summary>
    public void Complete()
    {
        if (_pieces.Count > 0 && _pieces[^1].Position + _pieces[^1].Output.Length != End)
        {
            _pieces.Clear();
        }
    }

    /// <summary>Its output of late, as a history of that size.</summary>
    /// <param name="limit">As for a <see cref="Backlog"/>.</param>
    /// <param name="boot">The same.</param>
    /// <param name="budget">The same.</param>
    /// <param name="arriving">Told of each piece before it is there: position, output, time.</param>
    public Backlog MakeHistory(int limit, int boot, HistoryBudget? budget, Action<long, byte[], long>? arriving = null)
    {
        Backlog history = Start == 0
            ? new Backlog(limit, boot, budget)
            : Backlog.BeginAt(Start, limit, boot, budget);
        foreach ((long position, long time, byte[] output) in _pieces)
        {
            arriving?.Invoke(position, output, time);
            history.Append(output);
        }

        return history;
    }
}
