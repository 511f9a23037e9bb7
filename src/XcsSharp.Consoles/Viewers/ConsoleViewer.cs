using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// One viewer on the console socket: its own reader of the backlog, its own bounded queue, and a source of input.
/// </summary>
/// <remarks>
/// A viewer that does not read costs its stream's queue and nothing else: when that is full, it is left alone until the
/// stream has room, and then refilled from the backlog. Owns the stream.
/// </remarks>
internal sealed class ConsoleViewer : IStreamOwner, IInputOrigin, IDisposable
{
    /// <summary>Between two lines that tell a viewer that nobody takes what it types.</summary>
    internal static readonly TimeSpan RefusalPace = TimeSpan.FromSeconds(2);

    private readonly UnixStream _stream;
    private readonly Action _ended;
    private readonly NoticeQueue _notices;
    private DateTimeOffset _since;
    private long? _refusalToldAt;
    private ulong _inputRefused;
    private bool _isFull;

    /// <param name="console">What is viewed.</param>
    /// <param name="stream">Owned from here on.</param>
    /// <param name="reader">What it gets, from its place on. Owned from here on.</param>
    /// <param name="wish">What it asked for.</param>
    /// <param name="id">Its number.</param>
    /// <param name="ended">Called once, after the connection has ended in whatever way.</param>
    internal ConsoleViewer(GuestConsole console, UnixStream stream, ConsoleReader reader, AttachWish wish, ulong id, Action ended)
    {
        Console = console;
        _stream = stream;
        _ended = ended;
        Wish = wish;
        _notices = new NoticeQueue(wish.Viewer.Notices);
        _since = console.Handler.Loop.Clock.GetUtcNow();
        Id = id;
        Mode = wish.Viewer.Mode;
        Peer = stream.Peer;
        User = console.Handler.Users.Find(Peer.Uid);
        Reader = reader;
        Source = new InputSource(this);
        stream.Owner = this;
    }

    internal GuestConsole Console { get; }

    /// <summary>Of this daemon's life, from 1.</summary>
    internal ulong Id { get; }

    internal ViewerMode Mode { get; set; }

    /// <summary>False of who has no right to type here: its mode stays read-only.</summary>
    internal bool MayWrite { get; init; } = true;

    /// <summary>The process that connected.</summary>
    internal PeerCredentials Peer { get; }

    /// <summary>Its user's name, where it is known.</summary>
    internal string? User { get; }

    /// <summary>For people: <c>alice (pid 123)</c>.</summary>
    internal string Who => $"{User ?? $"uid {Peer.Uid}"} (pid {Peer.Pid})";

    internal ConsoleReader Reader { get; }

    /// <summary>What it wanted.</summary>
    internal AttachWish Wish { get; }

    /// <summary>For who takes it over at the console's end, when the reader has nothing left.</summary>
    internal UnixStream Stream => _stream;

    /// <inheritdoc cref="Stream"/>
    internal Action Ended => _ended;

    internal InputSource Source { get; }

    /// <summary>Queues as much of the backlog as there is room for.</summary>
    internal void Pump()
    {
        while (!_isFull)
        {
            // Only where no mark and no sequence of the guest's would be cut in two.
            if (_notices.Count > 0 && Reader.IsAtSeam)
            {
                _isFull = !_stream.TryWrite(_notices.Peek());
                if (!_isFull)
                {
                    _notices.Take();
                }

                continue;
            }

            ReadOnlySpan<byte> data = Reader.Peek();
            if (data.IsEmpty)
            {
                return;
            }

            int take = Math.Min(data.Length, _stream.Room);
            if (take > 0 && _stream.TryWrite(data[..take]))
            {
                Reader.Advance(take);
            }
            else
            {
                // Refused on purpose: OnRoom comes only after a refusal.
                _isFull = !_stream.TryWrite(data);
                if (!_isFull)
                {
                    Reader.Advance(data.Length);
                }
            }
        }
    }

    /// <summary>What another daemon needs to go on with it.</summary>
    internal ViewerState Describe(IHandoverSink sink) => new(
        Id,
        Reader.Describe(),
        Wish.Output.Level,
        Wish.Output.Follow,
        Mode,
        Wish.Viewer.Notices,
        Wish.Viewer.IsAsked,
        MayWrite,
        _since.UtcTicks,
        _inputRefused,
        Source.Count == 0 ? null : sink.Put(Source.Peek(Source.Count)),
        _stream.Queued == 0 ? null : sink.Put(_stream.Unsent));

    /// <summary>Leaves the connection to another daemon.</summary>
    /// <returns>False: that has no room for it.</returns>
    internal bool TryLeave(IHandoverSink sink) => sink.TryLeave(HandedConsoles.NameOf(Id), _stream.Detach);

    /// <summary>Goes on where the daemon before was.</summary>
    internal void GoOn(ViewerState state, ReadOnlySpan<byte> unsent)
    {
        _since = new DateTimeOffset(state.Since, TimeSpan.Zero);
        _inputRefused = state.InputRefused;
        _ = _stream.TryWrite(unsent);
        _stream.Start();
    }

    /// <summary>Everything is queued and nothing more will come: the connection ends by itself when that is sent.</summary>
    internal void Finish()
    {
        Reader.Dispose();
        Console.Handler.Departures.Add(_stream, limit: null, _ended);
    }

    /// <summary>Tells it something about the seat, if it wants to hear of it.</summary>
    /// <param name="kind">One of <see cref="NoticeKind"/>.</param>
    /// <param name="text">One line.</param>
    internal void Notify(string kind, string text)
    {
        _notices.Add(kind, text);
        Console.PumpSoon();
    }

    internal ViewerEntry Describe() => new(
        Id,
        Peer.Uid,
        User,
        Peer.Pid,
        _since,
        Mode switch
        {
            ViewerMode.ReadOnly => OperatorProtocol.ReadOnly,
            ViewerMode.Exclusive => OperatorProtocol.Exclusive,
            _ => OperatorProtocol.ReadWrite,
        },
        Console.Seat.Writer == this,
        Reader.Unread + _stream.Queued,
        Reader.Lost,
        _inputRefused);

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
        if (Console.Seat.Writer == this)
        {
            Console.AddInput(Source, bytes);
        }
        else if (!bytes.IsEmpty)
        {
            Refuse(bytes.Length);
        }
    }

    /// <summary>Counts what it typed in vain, and tells it so at a pace: a paste is not worth a line for each piece.</summary>
    private void Refuse(int bytes)
    {
        _inputRefused += (ulong)bytes;
        EventLoop loop = Console.Handler.Loop;
        if (_refusalToldAt is long told && loop.Clock.GetElapsedTime(told, loop.Now) < RefusalPace)
        {
            return;
        }

        _refusalToldAt = loop.Now;
        Notify(NoticeKind.Refused, Console.Seat.Writer is { } writer ? $"read-only: {writer.Who} writes" : "read-only: nobody writes");
    }

    public void OnRoom(UnixStream stream)
    {
        _isFull = false;
        Console.PumpSoon();
    }

    public void OnPeerVanished(UnixStream stream)
    {
        // Its last input is still in the socket, which bounds it: take that, and then the end.
        stream.ResumeReading();
    }

    public void OnEnded(UnixStream stream, StreamEnd why)
    {
        Reader.Dispose();
        Console.Remove(this, why);
        _ended();
    }

    public string RecordedAs
        => $"user={UserNames.Plain(User)} uid={Peer.Uid} pid={Peer.Pid} viewer={Id}";

    public void PauseInput() => _stream.PauseReading();

    public void ResumeInput() => _stream.ResumeReading();

    /// <summary>Ends the connection at once.</summary>
    public void Dispose()
    {
        Reader.Dispose();
        _stream.Dispose();
        _ended();
    }
}
