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
/// Loop thread only. All connections together are bounded by <see cref="ConsoleOptions.MaxConnections"/>; one too many is told
/// so and closed.
/// </remarks>
public sealed class OperatorListener : IDisposable
{
    private readonly Func<DaemonStatus> _status;
    private readonly HashSet<OperatorConnection> _connections = [];

    /// <param name="loop">Serves the connections.</param>
    /// <param name="controlSwitch">Knows the domains.</param>
    /// <param name="consoles">Knows their consoles, and the limits.</param>
    /// <param name="status">Makes the answer to <c>STATUS</c>.</param>
    /// <param name="log">Refusals, at debug level.</param>
    public OperatorListener(
        EventLoop loop, ControlSwitch controlSwitch, ConsoleHandler consoles, Func<DaemonStatus> status, ILogger log)
    {
        Loop = loop;
        Switch = controlSwitch;
        Consoles = consoles;
        Log = log;
        _status = status;
    }

    /// <summary>Connections of now, viewers included.</summary>
    public int Connections => _connections.Count;

    internal EventLoop Loop { get; }

    internal ControlSwitch Switch { get; }

    internal ConsoleHandler Consoles { get; }

    internal ILogger Log { get; }

    /// <summary>A client has connected.</summary>
    /// <param name="socket">Owned by the listener from here on.</param>
    public void Accept(SafeFileHandle socket)
    {
        var stream = new UnixStream(Loop, socket, Consoles.Options.ViewerQueueBytes);
        var connection = new OperatorConnection(this, stream);
        if (_connections.Count < Consoles.Options.MaxConnections)
        {
            _ = _connections.Add(connection);
            connection.Start();
        }
        else
        {
            connection.TurnAway();
        }
    }

    /// <summary>Closes all connections that are not viewers; viewers belong to their console.</summary>
    public void Dispose()
    {
        foreach (OperatorConnection connection in _connections.ToArray())
        {
            connection.Dispose();
        }
    }

    internal DaemonStatus MakeStatus() => _status();

    internal void Remove(OperatorConnection connection) => _ = _connections.Remove(connection);
}
