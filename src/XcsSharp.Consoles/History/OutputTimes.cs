using System.Numerics;
using System.Runtime.InteropServices;

namespace XcsSharp.Consoles;

/// <summary>When the output of a console came: for each stretch of it the position where it begins, and the UTC times of its first and last byte.</summary>
/// <remarks>
/// Loop thread only. A stretch is what comes within <see cref="s_span"/>; only when one begins the clock is read. At most
/// <see cref="MaxStretches"/> are kept, 24 KiB, which the budget of histories does not count: stretches of output that is no longer retained become one, and
/// when that is not enough the older half is made coarser, two and two, so what came last keeps its resolution. When the clock is set back, what came before
/// counts as having come then: times never fall as positions rise.
/// </remarks>
public sealed class OutputTimes(TimeProvider clock)
{
    /// <summary>The most stretches that are kept.</summary>
    public const int MaxStretches = 1024;

    private static readonly TimeSpan s_span = TimeSpan.FromMilliseconds(10);

    private Stretch[] _stretches = [];
    private long _beganAt;

    private record struct Stretch(long Position, long First, long Last);

    /// <summary>Stretches that are kept now.</summary>
    public int Count { get; private set; }

    /// <summary>Says that output will be appended now.</summary>
    /// <param name="backlog">Its <see cref="Backlog.End"/> is where the output begins.</param>
    /// <param name="now">The loop's time stamp of this turn.</param>
    public void Note(Backlog backlog, long now)
    {
        if (Count > 0)
        {
            ref Stretch last = ref _stretches[Count - 1];
            TimeSpan elapsed = clock.GetElapsedTime(_beganAt, now);
            if (elapsed < s_span)
            {
                last.Last = Math.Max(last.Last, last.First + elapsed.Ticks);
                return;
            }
        }

        if (Count == _stretches.Length)
        {
            MakeRoom(backlog);
        }

        long utc = clock.GetUtcNow().UtcTicks;
        for (int i = Count - 1; i >= 0 && _stretches[i].Last > utc; i--)
        {
            _stretches[i].First = Math.Min(_stretches[i].First, utc);
            _stretches[i].Last = utc;
        }

        _stretches[Count++] = new Stretch(backlog.End, utc, utc);
        _beganAt = now;
    }

    /// <summary>
    /// The position from which on the output came at this time or later; it may begin with what came up to 10 ms before, or
    /// longer for old output of which there are many stretches.
    /// </summary>
    /// <returns>Null when nothing has come since.</returns>
    public long? Find(DateTimeOffset since)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_stretches[middle].Last < since.UtcTicks)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < Count ? _stretches[low].Position : null;
    }

    /// <summary>Bytes of one stretch in <see cref="Describe"/>.</summary>
    internal const int StretchBytes = 3 * sizeof(long);

    /// <summary>The most that are taken over: daemons of before 2026-11-30 could come to keep nearly twice as many, once they had taken some over themselves.</summary>
    internal const int MostRestored = 2 * MaxStretches;

    /// <summary>All of it: of each stretch position, first and last time.</summary>
    internal byte[] Describe() => MemoryMarshal.AsBytes(_stretches.AsSpan(0, Count)).ToArray();

    /// <summary>Goes on with the times of another; what makes no sense is left out.</summary>
    internal void Restore(ReadOnlySpan<byte> described, long end)
    {
        ReadOnlySpan<Stretch> stretches = MemoryMarshal.Cast<byte, Stretch>(described);

        // A step of the ladder that it would have grown on, so that it ends where that does.
        _stretches = new Stretch[Math.Max(16, (int)BitOperations.RoundUpToPowerOf2((uint)stretches.Length))];
        foreach (Stretch stretch in stretches)
        {
            Stretch before = Count > 0 ? _stretches[Count - 1] : default;
            if (stretch.Position >= before.Position && stretch.Position <= end && stretch.First >= before.Last && stretch.Last >= stretch.First)
            {
                _stretches[Count++] = stretch;
            }
        }

        if (_stretches.Length > MaxStretches)
        {
            if (Count > MaxStretches)
            {
                JoinPairs(0, Count);
            }

            Array.Resize(ref _stretches, MaxStretches);
        }

        // Whatever comes next begins a stretch.
        _beganAt = clock.GetTimestamp() - clock.TimestampFrequency;
    }

    private void MakeRoom(Backlog backlog)
    {
        if (_stretches.Length < MaxStretches)
        {
            Array.Resize(ref _stretches, Math.Clamp(2 * _stretches.Length, 16, MaxStretches));
            return;
        }

        JoinLost(backlog);
        if (Count > MaxStretches * 3 / 4)
        {
            // The boot's times stay as they are, unless they are the many.
            int boot = 0;
            while (boot < Count && _stretches[boot].Position < backlog.BootEnd)
            {
                boot++;
            }

            int from = boot > MaxStretches / 2 ? 0 : boot;
            JoinPairs(from, from + ((Count - from) / 2));
        }
    }

    /// <summary>Stretches that are lost altogether become one.</summary>
    private void JoinLost(Backlog backlog)
    {
        int kept = 0;
        bool wasLost = false;
        for (int i = 0; i < Count; i++)
        {
            bool isLost = _stretches[i].Position >= backlog.BootEnd && i + 1 < Count && _stretches[i + 1].Position <= backlog.NewestStart;
            Keep(ref kept, i, joins: isLost && wasLost);
            wasLost = isLost;
        }

        Count = kept;
    }

    private void JoinPairs(int from, int to)
    {
        int kept = from;
        for (int i = from; i < Count; i++)
        {
            Keep(ref kept, i, joins: i < to && (i - from) % 2 == 1);
        }

        Count = kept;
    }

    private void Keep(ref int kept, int i, bool joins)
    {
        if (joins)
        {
            _stretches[kept - 1].Last = _stretches[i].Last;
        }
        else
        {
            _stretches[kept++] = _stretches[i];
        }
    }
}
