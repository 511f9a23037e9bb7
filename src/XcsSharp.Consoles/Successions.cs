using System.Text;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// Viewers whose domain is gone and who asked to go on when it starts anew: they wait for the console of the same number of a
/// domain with the same UUID or the same name, for <see cref="ConsoleOptions.KeepAfterEnd"/>, and then the connection ends.
/// </summary>
/// <remarks>
/// Loop thread only. How many wait is bounded by <see cref="ConsoleOptions.MaxConnections"/>, of which each is one. What is typed meanwhile is
/// thrown away: nobody means it for a machine that is not there, and the next one must not get it at its first prompt.
/// </remarks>
internal sealed class Successions(EventLoop loop, TimeSpan patience, Departures departures) : IDisposable
{
    private readonly List<WaitingViewer> _waiting = [];

    /// <summary>Those who wait.</summary>
    internal int Count => _waiting.Count;

    /// <summary>Takes over a viewer that has all of a console that has ended.</summary>
    /// <returns>False when there is nothing to wait for: the console alone has ended, or nobody may wait.</returns>
    /// <param name="predecessor">What it had.</param>
    /// <param name="stream">Owned from here on.</param>
    /// <param name="ended">Called once, after the connection has ended while it waited.</param>
    /// <param name="goOn">Attaches it to the next console, with this line before the output; false when that takes no more.</param>
    internal bool TryAdd(GuestConsole predecessor, UnixStream stream, Action ended, Func<GuestConsole, byte[], bool> goOn)
    {
        if (!predecessor.Domain.IsGone || patience <= TimeSpan.Zero)
        {
            return false;
        }

        var waiting = new WaitingViewer(predecessor, stream, ended, goOn, left => _waiting.Remove(left), departures);
        _waiting.Add(waiting);
        waiting.Start(loop, patience);
        return true;
    }

    /// <summary>Attaches to a console those who have waited for it, who came first first: to that one the seat is free.</summary>
    internal void Offer(GuestConsole console)
    {
        foreach (WaitingViewer waiting in _waiting.FindAll(waiting => waiting.WaitsFor(console)))
        {
            _ = _waiting.Remove(waiting);
            waiting.GoOnWith(console);
        }
    }

    public void Dispose()
    {
        foreach (WaitingViewer waiting in _waiting.ToArray())
        {
            waiting.Dispose();
        }
    }

    private sealed class WaitingViewer(
        GuestConsole predecessor,
        UnixStream stream,
        Action ended,
        Func<GuestConsole, byte[], bool> goOn,
        Action<WaitingViewer> left,
        Departures departures)
        : IStreamOwner, IDisposable
    {
        private LoopTimer? _patience;
        private bool _isOver;

        public void Start(EventLoop loop, TimeSpan patience)
        {
            stream.Owner = this;
            _patience = loop.CreateTimer(GiveUp);
            _patience.Schedule(patience);
            stream.ResumeReading();
        }

        public bool WaitsFor(GuestConsole console)
            => console.Id.Number == predecessor.Id.Number
                && !console.IsEnding
                && ((predecessor.Domain.Uuid != Guid.Empty && console.Domain.Uuid == predecessor.Domain.Uuid)
                    || console.Domain.Name == predecessor.Domain.Name);

        public void GoOnWith(GuestConsole console)
        {
            _isOver = true;
            _patience!.Cancel();
            string name = OperatorConnection.Printable(console.Name);
            byte[] line = Encoding.UTF8.GetBytes(
                $"\r\n[{name} rebooted: domain {predecessor.Domain.Domid} is gone, domain {console.Domain.Domid} begins]\r\n");
            if (!goOn(console, line))
            {
                departures.Add(stream, limit: null, ended);
            }
        }

        public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
        {
        }

        public void OnRoom(UnixStream stream)
        {
        }

        public void OnPeerVanished(UnixStream stream) => Dispose();

        public void OnEnded(UnixStream stream, StreamEnd why) => Dispose();

        public void Dispose()
        {
            if (Leave())
            {
                stream.Dispose();
                ended();
            }
        }

        private void GiveUp()
        {
            if (Leave())
            {
                departures.Add(stream, limit: null, ended);
            }
        }

        private bool Leave()
        {
            bool wasWaiting = !_isOver;
            _isOver = true;
            _patience!.Cancel();
            left(this);
            return wasWaiting;
        }
    }
}
