using System.Buffers;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Daemon.Metrics;

/// <summary>
/// Reads a meter's instruments, all of them observable, into the answer to <c>METRICS</c>: an <see cref="InstrumentList"/>, written as it is measured,
/// because of a thousand guests there are twenty thousand measurements, and the loop stands still meanwhile. Loop thread only.
/// </summary>
internal sealed class MeterReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly List<Measured> _instruments = [];

    /// <param name="meter">All instruments exist.</param>
    public MeterReader(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
            {
                Measured measured = new(instrument);
                _instruments.Add(measured);
                listener.EnableMeasurementEvents(instrument, measured);
            }
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((Measured)state!).Add(value, tags));
        _listener.Start();
    }

    /// <returns>JSON.</returns>
    public byte[] Read()
    {
        foreach (Measured measured in _instruments)
        {
            measured.Begin();
        }

        _listener.RecordObservableInstruments();
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteStartArray("instruments");
            for (int i = 0; i < _instruments.Count; i++)
            {
                Measured measured = _instruments[i];
                if (ObservedDistribution.IsBuckets(measured.Instrument))
                {
                    // Its sum is the next instrument.
                    Measured sum = _instruments[++i];
                    JsonSerializer.Serialize(json, ObservedDistribution.Join(sum.Instrument, measured.Entries(), sum.Entries()), OperatorJson.Default.InstrumentEntry);
                }
                else
                {
                    measured.WriteTo(json);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>One instrument and the text of what it measures.</summary>
    private sealed class Measured(Instrument instrument)
    {
        private readonly ArrayBufferWriter<byte> _text = new();
        private Utf8JsonWriter? _json;

        public Instrument Instrument => instrument;

        public void Begin()
        {
            _text.ResetWrittenCount();
            _json ??= new Utf8JsonWriter(_text);
            _json.Reset();
            _json.WriteStartArray();
        }

        public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            _json!.WriteStartObject();
            _json.WriteStartObject("tags");
            foreach ((string key, object? tag) in tags)
            {
                _json.WriteString(key, tag as string ?? Convert.ToString(tag, CultureInfo.InvariantCulture));
            }

            _json.WriteEndObject();
            _json.WriteNumber("value", value);
            _json.WriteEndObject();
        }

        public void WriteTo(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteString("name", instrument.Name);
            json.WriteString("kind", instrument is ObservableGauge<double> ? InstrumentKind.Gauge : InstrumentKind.Counter);
            json.WriteString("unit", instrument.Unit);
            json.WriteString("description", instrument.Description);
            json.WritePropertyName("measurements");
            json.WriteRawValue(End(), skipInputValidation: true);
            json.WriteEndObject();
        }

        /// <summary>The same as objects, of the few that are joined.</summary>
        public IReadOnlyList<MeasurementEntry> Entries() => JsonSerializer.Deserialize(End(), OperatorJson.Default.IReadOnlyListMeasurementEntry) ?? [];

        private ReadOnlySpan<byte> End()
        {
            _json!.WriteEndArray();
            _json.Flush();
            return _text.WrittenSpan;
        }
    }
}
