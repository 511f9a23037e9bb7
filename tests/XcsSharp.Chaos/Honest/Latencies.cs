using System.Diagnostics;

namespace XcsSharp.Chaos.Honest;

/// <summary>How long things took. Any thread.</summary>
internal sealed class Latencies
{
    private readonly Lock _lock = new();
    private readonly List<float> _milliseconds = [];

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _milliseconds.Count;
            }
        }
    }

    public void AddSince(long timestamp)
    {
        float took = (float)Stopwatch.GetElapsedTime(timestamp).TotalMilliseconds;
        lock (_lock)
        {
            _milliseconds.Add(took);
        }
    }

    /// <param name="part">0.5 is the median, 1 the longest.</param>
    public double Quantile(double part)
    {
        lock (_lock)
        {
            float[] sorted = [.. _milliseconds];
            Array.Sort(sorted);
            return sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * part)];
        }
    }

    public override string ToString()
        => FormattableString.Invariant($"{Count:N0} times, p50 {Quantile(0.5):0.0} ms, p99 {Quantile(0.99):0.0}, longest {Quantile(1):0}");
}
