using System.Threading.Channels;

using XcsSharp.Exporter.Instruments;

namespace XcsSharp.Exporter.Logs;

/// <summary>
/// Lines between the consoles and the collector. At its limit nobody reads the consoles any more: then output waits in the daemon's history, and what
/// that has no room for the daemon marks in its place and counts.
/// </summary>
internal sealed class LineQueue
{
    /// <summary>With lines of the greatest length 32 MiB.</summary>
    public const int Limit = 4096;

    private readonly Channel<ConsoleLine> _lines = Channel.CreateBounded<ConsoleLine>(new BoundedChannelOptions(Limit) { SingleReader = true });

    public LineQueue(ExporterFigures figures) => figures.LinesWaiting = () => _lines.Reader.Count;

    public int Count => _lines.Reader.Count;

    /// <summary>Waits for room.</summary>
    public ValueTask AddAsync(ConsoleLine line, CancellationToken cancel) => _lines.Writer.WriteAsync(line, cancel);

    /// <summary>Waits for lines.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancel) => _lines.Reader.WaitToReadAsync(cancel);

    public bool TryTake(out ConsoleLine? line) => _lines.Reader.TryRead(out line);
}
