using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// One viewer on the console socket: its own cursor in the backlog, its own bounded queue, and a source of input.
/// </summary>
/// <remarks>
/// A viewer that does not read costs its stream's queue and nothing else: when that is full, it is left alone until the
/// stream has room, and then refilled from the backlog. Owns the stream.
/// </remarks>
internal sealed class ConsoleViewer : IStreamOwner, IInputOrigin, IDisposable
{
    private readonly GuestConsole _console;
    private readonly UnixStream _stream;
    private readonly Action _ended;
    private bool _isFull;

    /// <param name="console">What is viewed.</param>
    /// <param name="stream">Owned from here on.</param>
    /// <param name="position">Where in the backlog to begin.</param>
    /// <param name="ended">Called once, after the connection has ended in whatever way.</param>
    internal ConsoleViewer(GuestConsole console, UnixStream stream, long position, Action ended)
    {
        _console = console;
        _stream = stream;
        _ended = ended;
        Cursor = new BacklogCursor(console.Backlog, position);
        Source = new InputSource(this);
        stream.Owner = this;
    }

    internal BacklogCursor Cursor { get; }

    internal InputSource Source { get; }

    /// <summary>Queues as much of the backlog as there is room for.</summary>
    internal void Pump()
    {
        while (!_isFull)
        {
            ReadOnlySpan<byte> data = Cursor.Peek();
            if (data.IsEmpty)
            {
                return;
            }

            int take = Math.Min(data.Length, _stream.Room);
            if (take > 0 && _stream.TryWrite(data[..take]))
            {
                Cursor.Advance(take);
            }
            else
            {
                // Refused on purpose: OnRoom comes only after a refusal.
                _isFull = !_stream.TryWrite(data);
                if (!_isFull)
                {
                    Cursor.Advance(data.Length);
                }
            }
        }
    }

    /// <summary>Everything is queued and nothing more will come: the connection ends by itself when that is sent.</summary>
    internal void Finish()
    {
        _stream.CloseAfterFlush();
        _ended();
    }

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes) => _console.AddInput(Source, bytes);

    public void OnRoom(UnixStream stream)
    {
        _isFull = false;
        _console.PumpSoon();
    }

    public void OnPeerVanished(UnixStream stream)
    {
        // Its last input is still in the socket, which bounds it: take that, and then the end.
        stream.ResumeReading();
    }

    public void OnEnded(UnixStream stream, StreamEnd why)
    {
        _console.Remove(this, why);
        _ended();
    }

    public void PauseInput() => _stream.PauseReading();

    public void ResumeInput() => _stream.ResumeReading();

    /// <summary>Ends the connection at once.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        _ended();
    }
}
