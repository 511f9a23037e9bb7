using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// The xcs sockets' side of the switch: takes accepted connections, and knows the sessions by their ids.
/// </summary>
/// <remarks>Loop thread only. Owns the connections and sessions; disposing closes them, and then the switch can go.</remarks>
public sealed class ClientListener : IDisposable
{
    private readonly EventLoop _loop;
    private readonly ControlSwitch _switch;
    private readonly SwitchOptions _options;
    private readonly ILogger _log;
    private readonly Func<UnixStream, bool>? _admits;
    private readonly UserLinePace _lines;
    private readonly UserLinePace _refusals;
    private readonly Dictionary<uint, ClientSession> _sessions = [];
    private readonly HashSet<UnidentifiedConnection> _unidentified = [];
    private ulong _sessionsBegun;

    /// <param name="loop">Serves the connections.</param>
    /// <param name="controlSwitch">What they are for.</param>
    /// <param name="options">The limits.</param>
    /// <param name="log">Sessions, and what is refused at a limit.</param>
    /// <param name="admits">Asked once for each connection, and says in the log whom it refuses; null: all are welcome who may connect.</param>
    public ClientListener(
        EventLoop loop, ControlSwitch controlSwitch, SwitchOptions options, ILogger<ClientListener> log, Func<UnixStream, bool>? admits = null)
    {
        _loop = loop;
        _switch = controlSwitch;
        _options = options;
        _log = log;
        _admits = admits;
        _lines = new UserLinePace(loop, (who, lines) => log.SessionLinesLeftOut(who, lines, UserLinePace.Window.TotalSeconds));
        _refusals = new UserLinePace(loop, (_, lines) => log.MoreConnectionsRefused(lines, UserLinePace.Window.TotalSeconds));
    }

    internal SwitchOptions Options => _options;

    public int SessionCount => _sessions.Count;

    /// <summary>Of each session, in no order. Not to be walked while the loop turns.</summary>
    public IEnumerable<SessionFigures> Sessions => _sessions.Values.Select(static session => session.Figures);

    /// <summary>Connections that have not said yet what they are.</summary>
    public int UnidentifiedCount => _unidentified.Count;

    /// <summary>Serves a connected stream socket, from any listener.</summary>
    /// <param name="socket">Owned from here on.</param>
    public void Accept(SafeFileHandle socket)
    {
        if (_unidentified.Count >= _options.MaxSessions)
        {
            Refuse();
            socket.Dispose();
            return;
        }

        UnixStream stream = new(_loop, socket, _options.SessionQueueBytes);

        // Before its first record: who is not admitted could otherwise use up the places of those who are.
        if (_admits?.Invoke(stream) == false)
        {
            _switch.Counters.ConnectionsRefused++;
            stream.Dispose();
            return;
        }

        UnidentifiedConnection connection = new(this, _loop, stream, _options.FirstRecordTimeout);
        _unidentified.Add(connection);
        connection.Start();
    }

    public void Dispose()
    {
        foreach (UnidentifiedConnection connection in _unidentified)
        {
            connection.Close();
        }

        _unidentified.Clear();
        foreach (ClientSession session in _sessions.Values.ToArray())
        {
            session.Close("the daemon stops");
        }

        _lines.Dispose();
        _refusals.Dispose();
    }

    internal void OnIdentified(UnidentifiedConnection connection) => _unidentified.Remove(connection);

    internal void OnSilent(UnidentifiedConnection connection)
    {
        _unidentified.Remove(connection);
        _switch.Counters.SilentConnectionsClosed++;
        if (_lines.MaySay(connection.Uid))
        {
            _log.SilentConnectionClosed();
        }
    }

    internal ClientSession? FindSession(uint id) => _sessions.GetValueOrDefault(id);

    /// <returns>Null at the limit.</returns>
    internal ClientSession? TryBeginSession(UnixStream control)
    {
        if (_sessions.Count >= _options.MaxSessions)
        {
            Refuse();
            return null;
        }

        PeerCredentials peer = control.Peer;
        ClientSession session = new(
            this, _switch, _loop, _options.SessionWindow, NewId(), peer.Pid, peer.Uid, ++_sessionsBegun);
        _sessions.Add(session.Id, session);
        if (_lines.MaySay(session.Uid))
        {
            _log.SessionBegan(session.Name);
        }

        return session;
    }

    internal void OnSlow(ClientSession session, int unread) => _log.SlowSessionClosed(session.Name, unread);

    internal void OnSessionClosed(ClientSession session, string reason)
    {
        _sessions.Remove(session.Id);
        if (_lines.MaySay(session.Uid))
        {
            _log.SessionEnded(session.Name, reason);
        }
    }

    /// <summary>
    /// Not to be guessed (the original gave away heap addresses), not 0, and below 2^31, because clients of 2005 keep it
    /// in whatever their word size gives (spec section 1).
    /// </summary>
    private uint NewId()
    {
        uint id;
        do
        {
            id = (uint)(RandomNumber.Next() & int.MaxValue);
        }
        while (id == 0 || _sessions.ContainsKey(id));
        return id;
    }

    private void Refuse()
    {
        _switch.Counters.ConnectionsRefused++;

        // Whoever it is: the limit is one of all.
        if (_refusals.MaySay(0))
        {
            _log.ConnectionRefused(_sessions.Count, _unidentified.Count);
        }
    }
}
