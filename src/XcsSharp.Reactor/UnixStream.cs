using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>Why a stream ended.</summary>
public enum StreamEnd
{
    /// <summary>The peer closed; every byte it sent before was delivered.</summary>
    PeerClosed,

    /// <summary>The connection broke.</summary>
    Failed,
}

/// <summary>What a stream tells its owner, on the loop's thread. The owner may dispose the stream in any of these.</summary>
public interface IStreamOwner
{
    /// <param name="stream">The stream.</param>
    /// <param name="bytes">Valid until the call returns.</param>
    void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes);

    /// <summary>After a refused write, at most half of the limit is still queued.</summary>
    void OnRoom(UnixStream stream);

    /// <summary>
    /// The peer is gone while reading is paused: it takes nothing more, and what it sent last is still unread. Resume
    /// reading to get that and the end, or dispose the stream.
    /// </summary>
    void OnPeerVanished(UnixStream stream)
    {
    }

    /// <summary>The stream is over and already disposed. Not called when the owner disposed it itself.</summary>
    void OnEnded(UnixStream stream, StreamEnd why);
}

/// <summary>Who connected: credentials of the process at the moment of its connect (SO_PEERCRED).</summary>
public readonly record struct PeerCredentials(int Pid, uint Uid, uint Gid);

/// <summary>
/// A connected Unix stream socket on a loop: reads are handed to the owner, writes are queued up to a limit and sent at the
/// end of the turn in one system call. Nobody waits for a peer that does not read.
/// </summary>
public sealed class UnixStream : IReadyHandler, ITurnEndWork, IDisposable
{
    /// <summary>Reads of one peer in one turn; then the others have theirs.</summary>
    private const int ReadsPerTurn = 4;

    /// <summary>How long a peer may take to read what is left after <see cref="CloseAfterFlush"/>.</summary>
    private static readonly TimeSpan s_flushLimit = TimeSpan.FromSeconds(5);

    private readonly EventLoop _loop;
    private readonly SafeFileHandle _socket;
    private readonly WriteQueue _queue;
    private Registration? _registration;
    private LoopTimer? _flushTimer;
    private Action? _closed;
    private bool _reading = true;
    private bool _sendAtTurnEnd;
    private bool _waitingForWritable;
    private bool _writeRefused;
    private bool _peerGone;
    private bool _closing;
    private bool _disposed;

    /// <param name="loop">Whose thread this lives on.</param>
    /// <param name="socket">Connected and not blocking; owned from here on.</param>
    /// <param name="writeLimit">The most bytes that may be queued.</param>
    public UnixStream(EventLoop loop, SafeFileHandle socket, int writeLimit)
    {
        _loop = loop;
        _socket = socket;
        _queue = new WriteQueue(writeLimit, loop.Buffers);
    }

    /// <summary>Who hears of it; may be replaced at any time, so that a greeting can hand over to a session.</summary>
    public IStreamOwner? Owner { get; set; }

    /// <summary>Bytes queued and not yet taken by the kernel.</summary>
    public int Queued => _queue.Count;

    /// <summary>Bytes that can be queued now.</summary>
    public int Room => _queue.Room;

    /// <summary>A copy of what is queued.</summary>
    public byte[] Unsent => _queue.ToArray();

    public PeerCredentials Peer
    {
        get
        {
            ucred peer = Sockets.PeerCredentials(_socket);
            return new PeerCredentials(peer.pid, peer.uid, peer.gid);
        }
    }

    /// <summary>All groups of the peer's process when it connected (SO_PEERGROUPS), its effective one included.</summary>
    public IReadOnlyList<uint> PeerGroups => [Peer.Gid, .. Sockets.PeerGroups(_socket)];

    /// <summary>Starts reading.</summary>
    public void Start() => _registration ??= _loop.Register(_socket, Interest, this);

    /// <summary>Queues all of the bytes, or none.</summary>
    /// <returns>
    /// False when they would exceed the limit; <see cref="IStreamOwner.OnRoom"/> follows when the peer has taken enough of
    /// what is queued. After the peer is gone bytes are taken and dropped until <see cref="IStreamOwner.OnEnded"/> says so.
    /// </returns>
    public bool TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (_disposed || _peerGone)
        {
            return true;
        }

        if (!_queue.TryAppend(bytes))
        {
            _writeRefused = true;
            return false;
        }

        if (!_sendAtTurnEnd && !_waitingForWritable)
        {
            _sendAtTurnEnd = true;
            _loop.AtTurnEnd(this);
        }

        return true;
    }

    /// <summary>
    /// Leaves what the peer sends in the socket, so that the peer has to wait. Its end is told when reading was resumed:
    /// what it sent before is delivered first.
    /// </summary>
    public void PauseReading()
    {
        _reading = false;
        UpdateInterest();
    }

    public void ResumeReading()
    {
        if (_disposed || _closing || _reading)
        {
            return;
        }

        _reading = true;

        // A hang-up while reading was paused took the registration away, because epoll reports it for ever.
        if (_registration is null)
        {
            Start();
        }

        UpdateInterest();
    }

    /// <summary>Reads no more, sends what is queued, then closes; after <paramref name="limit"/>, or 5 s, in any case. Once: a second call does nothing.</summary>
    /// <param name="limit">How long the peer may take.</param>
    /// <param name="closed">Called when the descriptor is closed, by whatever; maybe before this returns. A peer that does not read costs it until then.</param>
    public void CloseAfterFlush(TimeSpan? limit = null, Action? closed = null)
    {
        if (_disposed)
        {
            closed?.Invoke();
            return;
        }

        if (_closing)
        {
            return;
        }

        _closing = true;
        _closed = closed;
        PauseReading();
        if (_queue.Count == 0 || _peerGone)
        {
            Dispose();
            return;
        }

        _flushTimer = _loop.CreateTimer(Dispose);
        _flushTimer.Schedule(limit ?? s_flushLimit);
    }

    /// <summary>Leaves the connection to who goes on with it, what is queued excepted: that is dropped. It ends here without a word.</summary>
    public SafeFileHandle Detach()
    {
        _disposed = true;
        _flushTimer?.Cancel();
        _registration?.Dispose();
        _registration = null;
        _queue.Clear();
        return _socket;
    }

    /// <summary>Closes at once; what is queued is dropped. Legal inside every callback.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _flushTimer?.Cancel();
        _registration?.Dispose();
        _registration = null;
        _socket.Dispose();
        _queue.Clear();
        _closed?.Invoke();
    }

    void IReadyHandler.OnReady(Readiness ready)
    {
        if ((ready & Readiness.Writable) != 0)
        {
            Send();
        }

        if (_disposed)
        {
            return;
        }

        if (_reading)
        {
            if ((ready & ~Readiness.Writable) != 0)
            {
                Receive();
            }
        }
        else if ((ready & (Readiness.HangUp | Readiness.Error)) != 0)
        {
            PeerVanishedUnread();
        }
    }

    void ITurnEndWork.OnTurnEnd()
    {
        _sendAtTurnEnd = false;
        if (!_disposed)
        {
            Send();
        }
    }

    private Readiness Interest
        => (_reading ? Readiness.Readable : Readiness.None) | (_waitingForWritable ? Readiness.Writable : Readiness.None);

    private void UpdateInterest() => _registration?.ChangeInterest(Interest);

    private void Receive()
    {
        Span<byte> buffer = _loop.SharedBuffer;
        for (int reads = 0; reads < ReadsPerTurn && _reading && !_disposed; reads++)
        {
            SysResult read = Sys.Read(_socket, buffer);
            if (read.Error == Errno.EAGAIN)
            {
                return;
            }

            if (!read.IsOk || read.Value == 0)
            {
                End(read.IsOk ? StreamEnd.PeerClosed : StreamEnd.Failed);
                return;
            }

            Owner?.OnReceived(this, buffer[..read.Value]);
            if (read.Value < buffer.Length)
            {
                return;
            }
        }
    }

    /// <summary>One system call: what it leaves did not fit, and has to wait for the peer.</summary>
    private void Send()
    {
        if (_queue.Count > 0)
        {
            SysResult sent = _queue.SendTo(_socket);
            if (!sent.IsOk && sent.Error != Errno.EAGAIN)
            {
                StopWriting();
                return;
            }
        }

        _waitingForWritable = _queue.Count > 0;
        UpdateInterest();
        if (_closing && _queue.Count == 0)
        {
            Dispose();
            return;
        }

        OfferRoom();
    }

    private void OfferRoom()
    {
        if (_writeRefused && _queue.Count <= _queue.Limit / 2)
        {
            _writeRefused = false;
            Owner?.OnRoom(this);
        }
    }

    /// <summary>
    /// The peer takes no more. What it sent before may still be unread, so the end is left for a read to find.
    /// </summary>
    private void StopWriting()
    {
        _peerGone = true;
        _waitingForWritable = false;
        _queue.Clear();
        UpdateInterest();
        if (_closing)
        {
            Dispose();
            return;
        }

        // An owner that reads again only when it has written would never hear of the end.
        OfferRoom();
    }

    private void PeerVanishedUnread()
    {
        // epoll reports a hang-up for ever, whether asked or not.
        _registration?.Dispose();
        _registration = null;
        StopWriting();
        if (!_disposed && !_reading)
        {
            Owner?.OnPeerVanished(this);
        }
    }

    private void End(StreamEnd why)
    {
        Dispose();
        Owner?.OnEnded(this, why);
    }
}
