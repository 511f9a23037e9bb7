using System.Collections.Concurrent;
using System.Diagnostics;

using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Chaos;

/// <summary>What all troubles share: one machine, one daemon, and the book of what was done to them. Any thread.</summary>
internal sealed class Bed(SimMachine machine, DaemonPlaces places, RingGuests kernels)
{
    private const int Remembered = 40;

    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly ConcurrentQueue<string> _latest = new();
    private readonly long _start = Stopwatch.GetTimestamp();

    public SimMachine Machine { get; } = machine;

    public DaemonPlaces Places { get; } = places;

    public RingGuests Kernels { get; } = kernels;

    public XcsdDaemon Daemon { get; set; } = null!;

    /// <summary>Domains that faults may strike: those that nobody honest lives in.</summary>
    public ConcurrentDictionary<uint, string> Hostile { get; } = new();

    /// <summary>Names of consoles that clients like to ask for.</summary>
    public IReadOnlyList<string> HonestNames { get; set; } = [];

    /// <summary>How often each thing was done.</summary>
    public IReadOnlyDictionary<string, long> Counts => _counts;

    /// <summary>The last things that were done.</summary>
    public IEnumerable<string> Latest => _latest;

    public void Note(string what, string detail = "")
    {
        _counts.AddOrUpdate(what, 1, static (_, count) => count + 1);
        _latest.Enqueue($"{Stopwatch.GetElapsedTime(_start).TotalSeconds:0.000} {what} {detail}");
        while (_latest.Count > Remembered && _latest.TryDequeue(out _))
        {
        }
    }

    /// <summary>One of the hostile domains, or null.</summary>
    public uint? AnyHostile(Random random)
    {
        uint[] domids = [.. Hostile.Keys];
        return domids.Length == 0 ? null : domids[random.Next(domids.Length)];
    }

    /// <summary>A command of simxen's that may be refused: whom it speaks of may have gone.</summary>
    public async Task<string> CommandAsync(CancellationToken cancel, params string[] arguments)
        => (await Machine.CommandAsync(cancel, arguments)).Output;
}
