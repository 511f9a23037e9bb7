using System.Diagnostics.Metrics;
using System.Globalization;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Daemon.Metrics;

/// <summary>Reads a meter's instruments, all of them observable, into the answer to <c>METRICS</c>. Loop thread only.</summary>
internal sealed class MeterReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<(Instrument Instrument, List<MeasurementEntry> Measurements)> _instruments = [];

    /// <param name="meter">All instruments exist.</param>
    public MeterReader(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
            {
                List<MeasurementEntry> measurements = [];
                _instruments.Add((instrument, measurements));
                listener.EnableMeasurementEvents(instrument, measurements);
            }
        };
        _listener.SetMeasurementEventCallback<double>(static (instrument, value, tags, state) => ((List<MeasurementEntry>)state!).Add(new(Words(tags), value)));
        _listener.Start();
    }

    public InstrumentList Read()
    {
        foreach ((_, List<MeasurementEntry> measurements) in _instruments)
        {
            measurements.Clear();
        }

        _listener.RecordObservableInstruments();
        List<InstrumentEntry> entries = [];
        for (int i = 0; i < _instruments.Count; i++)
        {
            (Instrument instrument, List<MeasurementEntry> measured) = _instruments[i];
            if (ObservedDistribution.IsBuckets(instrument))
            {
                // Its sum is the next instrument.
                (Instrument sum, List<MeasurementEntry> sums) = _instruments[++i];
                entries.Add(ObservedDistribution.Join(sum, measured, sums));
            }
            else
            {
                string kind = instrument is ObservableGauge<double> ? InstrumentKind.Gauge : InstrumentKind.Counter;
                entries.Add(new InstrumentEntry(instrument.Name, kind, instrument.Unit, instrument.Description, [.. measured]));
            }
        }

        return new InstrumentList(entries);
    }

    public void Dispose() => _listener.Dispose();

    private static Dictionary<string, string> Words(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Dictionary<string, string> words = new(tags.Length);
        foreach ((string key, object? value) in tags)
        {
            words.Add(key, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }

        return words;
    }
}
