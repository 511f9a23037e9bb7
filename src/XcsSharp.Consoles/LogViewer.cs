using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// One reader of a console's output on the console socket that cannot type: gets what it asked for and the end, or goes on
/// with what comes. The console may be one that has ended. Its own bounded queue; owns the stream.
/// </summary>
internal sealed class LogViewer : IStreamOwner, IDisposable
{
    private readonly UnixStream _stream;
    private readonly Departures _departures;
    private readonly TimeSpan _lastBytes;
    private readonly Action<LogViewer> _left;
    private readonly Action _ended;
    private readonly Func<UnixStream, Action, bool> _takeOver;
    private readonly ulong _missingBefore;
    private bool _isFull;
    private bool _isOver;

    /// <param name="stream">Owned from here on.</param>
    /// <param name="reader">What it gets. Owned from here on.</param>
    /// <param name="departures">Gets the stream when all is queued.</param>
    /// <param name="lastBytes">How long the client may take for what is queued last.</param>
    /// <param name="left">Called when it takes no more, by itself or by a hang-up.</param>
    /// <param name="takeOver">Asked when it has all: who takes the stream over owns it, and says when the connection has ended.</param>
    /// <param name="ended">Called once, after the connection has ended in whatever way.</param>
    internal LogViewer(
        UnixStream stream,
        ConsoleReader reader,
        Departures departures,
        TimeSpan lastBytes,
        Action<LogViewer> left,
        Func<UnixStream, Action, bool> takeOver,
        Action ended)
    {
        _takeOver = takeOver;
        _stream = stream;
        _departures = departures;
        _lastBytes = lastBytes;
        _left = left;
        _ended = ended;
        Reader = reader;
        _missingBefore = reader.Lost;
        stream.Owner = this;

        // What it sends is of no interest; a hang-up is told all the same.
        stream.PauseReading();
    }

    internal ConsoleReader Reader { get; }

    /// <summary>Bytes that it has missed because it was too slow. What was not retained when it came is marked for it as well, but nobody's loss of
    /// now: asking for a log ten times drops nothing.</summary>
    internal ulong Dropped => Reader.Lost - _missingBefore;

    /// <summary>Queues as much as there is room for; ends by itself when it has all that was asked for.</summary>
    internal void Pump()
    {
        while (!_isFull && !_isOver)
        {
            ReadOnlySpan<byte> data = Reader.Peek();
            if (data.IsEmpty)
            {
                if (Reader.IsThrough)
                {
                    Finish();
                }

                return;
            }

            // A piece that is refused is refused on purpose: OnRoom comes only after that.
            int take = _stream.Room > 0 ? Math.Min(data.Length, _stream.Room) : data.Length;
            _isFull = !_stream.TryWrite(data[..take]);
            Reader.Advance(_isFull ? 0 : take);
        }
    }

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
    }

    public void OnRoom(UnixStream stream)
    {
        _isFull = false;
        Pump();
    }

    public void OnPeerVanished(UnixStream stream) => Dispose();

    public void OnEnded(UnixStream stream, StreamEnd why) => Dispose();

    /// <summary>Ends the connection at once.</summary>
    public void Dispose()
    {
        if (End())
        {
            _stream.Dispose();
            _ended();
        }
    }

    /// <summary>Everything is queued and nothing more will come.</summary>
    private void Finish()
    {
        if (End() && !_takeOver(_stream, _ended))
        {
            _departures.Add(_stream, _lastBytes, _ended);
        }
    }

    private bool End()
    {
        if (_isOver)
        {
            return false;
        }

        _isOver = true;
        Reader.Dispose();
        _left(this);
        return true;
    }
}
