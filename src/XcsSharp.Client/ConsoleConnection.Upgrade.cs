using System.Globalization;
using System.Net.Sockets;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client;

/// <summary>The program that has taken a daemon's place.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Pid">Its process, which is the one of before.</param>
public sealed record UpgradedDaemon(string Version, int Pid);

/// <content>Another program in the daemon's place.</content>
public sealed partial class ConsoleConnection
{
    /// <summary>Has the program that is at the daemon's path now take the daemon's place, and waits until it serves.</summary>
    /// <exception cref="OperatorRefusedException">It can not, and the daemon of before goes on.</exception>
    /// <exception cref="XcsDisconnectedException">Neither has answered.</exception>
    public static async Task<UpgradedDaemon> UpgradeAsync(string path = DefaultPath, CancellationToken cancel = default)
    {
        (Socket socket, string reply) = await AskAsync(path, OperatorProtocol.Upgrade, cancel).ConfigureAwait(false);
        socket.Dispose();
        return reply.Split(' ') is [string version, string pid] && int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? new UpgradedDaemon(version, number)
            : throw NotTheProtocol(path, reply);
    }
}
