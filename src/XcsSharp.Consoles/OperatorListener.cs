using System.Text.Json;

using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// The console socket: takes connections and answers their request lines (<see cref="OperatorProtocol"/>).
/// </summary>
/// <remarks>
/// Loop thread only. Connections are bounded by <see cref="OperatorPlaces"/>; one too many is told so and closed.
/// </remarks>
public sealed class OperatorListener : IDisposable
{
    private readonly Func<DaemonStatus> _status;
    private readonly Func<Func<GuestDomain, bool>, byte[]>? _instruments;
    private readonly Dictionary<OperatorConnection, uint> _connections = [];
    private readonly Dictionary<string, OperatorWord> _words = new(StringComparer.Ordinal);

    /// <param name="loop">Serves the connections.</param>
    /// <param name="controlSwitch">Knows the domains.</param>
    /// <param name="consoles">Knows their consoles, and the limits.</param>
    /// <param name="status">Makes the answer to <c>STATUS</c>.</param>
    /// <param name="log">Refusals, at debug level.</param>
    /// <param name="words">The requests that handlers answer.</param>
    /// <param name="instruments">Makes the answer to <c>METRICS</c>, of the domains that it is told, as JSON; null: there are no instruments.</param>
    /// <exception cref="ArgumentException">Two requests of one word: a bug of ours.</exception>
    public OperatorListener(
        EventLoop loop,
        ControlSwitch controlSwitch,
        ConsoleHandler consoles,
        Func<DaemonStatus> status,
        ILogger log,
        IEnumerable<OperatorWord>? words = null,
        Func<Func<GuestDomain, bool>, byte[]>? instruments = null)
    {
        foreach (OperatorWord word in words ?? [])
        {
            _words.Add(word.Word, word);
        }

        Loop = loop;
        Documents = new DocumentLine(loop);
        Switch = controlSwitch;
        Consoles = consoles;
        Log = log;
        _status = status;
        _instruments = instruments;
    }

    /// <summary>Connections of now, viewers and those of consoles' own sockets included.</summary>
    public int Connections => Consoles.Places.Taken;

    internal IEnumerable<OperatorWord> Words => _words.Values;

    internal EventLoop Loop { get; }

    internal DocumentLine Documents { get; }

    internal ControlSwitch Switch { get; }

    internal ConsoleHandler Consoles { get; }

    internal ILogger Log { get; }

    internal Denials Denials => Consoles.Denials;

    /// <summary>A client has connected.</summary>
    /// <param name="socket">Owned by the listener from here on.</param>
    public void Accept(SafeFileHandle socket)
    {
        var stream = new UnixStream(Loop, socket, Consoles.Options.ViewerQueueBytes);
        var connection = new OperatorConnection(this, stream);
        PeerCredentials peer = stream.Peer;
        if (Consoles.Places.TryTake(peer.Uid) is string refusal)
        {
            Denials.Note(peer.Uid, peer.Pid, refusal);
            connection.TurnAway(refusal);
        }
        else
        {
            _connections.Add(connection, peer.Uid);
            connection.Start();
        }
    }

    /// <summary>Closes all connections that are not viewers, those whose answer is awaited too; viewers belong to their console.</summary>
    public void Dispose()
    {
        foreach (OperatorConnection connection in _connections.Keys.ToArray())
        {
            connection.Dispose();
        }
    }

    internal OperatorWord? FindWord(string word) => _words.GetValueOrDefault(word);

    internal DaemonStatus MakeStatus() => _status();

    internal byte[] ReadInstruments(Func<GuestDomain, bool> mayView)
        => _instruments?.Invoke(mayView) ?? JsonSerializer.SerializeToUtf8Bytes(new InstrumentList([]), OperatorJson.Default.InstrumentList);

    internal void Remove(OperatorConnection connection)
    {
        if (_connections.Remove(connection, out uint uid))
        {
            Consoles.Places.GiveBack(uid);
        }
    }
}
