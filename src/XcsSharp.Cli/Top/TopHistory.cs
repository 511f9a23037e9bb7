using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli.Top;

/// <summary>What a guest's figures have become: its output's rate now and of late.</summary>
internal sealed class GuestTrend(GuestFigures figures)
{
    private readonly List<double> _rates = [];

    /// <summary>Of the last sample.</summary>
    public GuestFigures Figures { get; private set; } = figures;

    /// <summary>Bytes of output a second, between the last two samples.</summary>
    public double Rate => _rates.Count > 0 ? _rates[^1] : 0;

    /// <summary>The same of late, the newest last: at most <see cref="TopHistory.Samples"/>.</summary>
    public IReadOnlyList<double> Rates => _rates;

    /// <summary>The share of the time between the last two samples that the guest was made to wait: 0..1.</summary>
    public double Throttled { get; private set; }

    public void Add(GuestFigures next, double seconds)
    {
        if (_rates.Count == TopHistory.Samples)
        {
            _rates.RemoveAt(0);
        }

        // A daemon that was restarted counts from 0 again.
        _rates.Add(next.Out >= Figures.Out ? (next.Out - Figures.Out) / seconds : 0);
        Throttled = next.ThrottledMs >= Figures.ThrottledMs
            ? Math.Min(1, (next.ThrottledMs - Figures.ThrottledMs) / (seconds * 1000))
            : 0;
        Figures = next;
    }
}

/// <summary>The samples of late, guest by guest. A life of a domid is another guest than the next one.</summary>
internal sealed class TopHistory
{
    /// <summary>Rates that are kept of each guest.</summary>
    public const int Samples = 20;

    private Dictionary<(uint Domid, ulong Generation), GuestTrend> _guests = [];
    private double _time;

    /// <summary>The daemon in the last sample; null before the first.</summary>
    public DaemonStatus? Daemon { get; private set; }

    public IReadOnlyCollection<GuestTrend> Guests => _guests.Values;

    /// <summary>Bytes of output a second, of all guests together.</summary>
    public double Rate => _guests.Values.Sum(static guest => guest.Rate);

    /// <param name="sample">The next one.</param>
    /// <param name="time">In seconds, of a clock that is never set.</param>
    public void Add(FigureList sample, double time)
    {
        double seconds = Math.Max(time - _time, 0.001);
        Dictionary<(uint Domid, ulong Generation), GuestTrend> guests = new(sample.Guests.Count);
        foreach (GuestFigures figures in sample.Guests)
        {
            (uint Domid, ulong Generation) key = (figures.Domid, figures.Generation);
            if (_guests.TryGetValue(key, out GuestTrend? guest))
            {
                guest.Add(figures, seconds);
            }
            else
            {
                guest = new GuestTrend(figures);
            }

            guests[key] = guest;
        }

        _guests = guests;
        Daemon = sample.Daemon;
        _time = time;
    }
}
