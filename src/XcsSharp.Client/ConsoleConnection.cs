using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client;

/// <summary>With what an attached console begins.</summary>
public enum ConsoleReplay
{
    /// <summary>The last screenful, so that a waiting prompt is seen.</summary>
    Recent,

    /// <summary>Nothing old.</summary>
    New,

    /// <summary>Everything that the daemon still has.</summary>
    All,
}

/// <summary>A guest's console through the daemon's console socket, and the daemon's answers to an operator.</summary>
public sealed class ConsoleConnection : IAsyncDisposable
{
    /// <summary>Where the daemon listens, unless its settings say otherwise.</summary>
    public const string DefaultPath = "/run/xcs/console.sock";

    private ConsoleConnection(uint domid, string name, NetworkStream stream)
    {
        Domid = domid;
        Name = name;
        Stream = stream;
    }

    public uint Domid { get; }

    /// <summary>The console's name: the domain's, with <c>#1</c> or <c>#control</c> where another than the first is meant.</summary>
    public string Name { get; }

    /// <summary>
    /// The console's bytes, raw, both ways: what the guest prints is read, what is written is typed. Its end means that the
    /// domain or the daemon has ended, or that we read too slowly for too long. Owned by this object.
    /// </summary>
    public NetworkStream Stream { get; }

    /// <summary>Attaches to a console of a domain.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="domain">A domid or a name; digits are looked up as a domid first. Behind it <c>#1</c> to <c>#9</c> for a secondary
    /// console, <c>#control</c> for the one of the control channel. A name whose last word is <c>new</c> or
    /// <c>all</c> cannot be given here: use its domid.</param>
    /// <param name="replay">With what it begins.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">There is no such domain, several have that name, it has no console…</exception>
    public static async Task<ConsoleConnection> AttachAsync(
        string path, string domain, ConsoleReplay replay = ConsoleReplay.Recent, CancellationToken cancel = default)
    {
        string request = $"{OperatorProtocol.Attach} {CheckedName(domain)}" + replay switch
        {
            ConsoleReplay.New => " " + OperatorProtocol.ReplayNew,
            ConsoleReplay.All => " " + OperatorProtocol.ReplayAll,
            _ => "",
        };
        (Socket socket, string reply) = await AskAsync(path, request, cancel).ConfigureAwait(false);
        if (!TryParseName(reply, out uint domid, out string name))
        {
            socket.Dispose();
            throw NotTheProtocol(path, reply);
        }

        return new ConsoleConnection(domid, name, new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>Adds a console to a domain: the guest's hvc1, and so on. It is there when the guest's driver takes it up.</summary>
    /// <returns>The domain, and the name under which the console can be attached to.</returns>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">There is no such domain, or it has nine already…</exception>
    public static Task<(uint Domid, string Name)> AddAsync(
        string path, string domain, CancellationToken cancel = default)
        => ChangeAsync(path, $"{OperatorProtocol.ConsoleAdd} {CheckedName(domain)}", cancel);

    /// <summary>Removes a console that was added.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="console">As <c>web#2</c>; without a number the domain's highest.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>The domain, and the console's name.</returns>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">There is no such console…</exception>
    public static Task<(uint Domid, string Name)> RemoveAsync(
        string path, string console, CancellationToken cancel = default)
        => ChangeAsync(path, $"{OperatorProtocol.ConsoleDelete} {CheckedName(console)}", cancel);

    /// <summary>Every domain that the daemon serves.</summary>
    public static Task<DomainList> ListAsync(string path = DefaultPath, CancellationToken cancel = default)
        => AskForDocumentAsync(path, OperatorProtocol.List, OperatorJson.Default.DomainList, cancel);

    /// <summary>The daemon itself: its version, what it serves, its counters.</summary>
    public static Task<DaemonStatus> StatusAsync(string path = DefaultPath, CancellationToken cancel = default)
        => AskForDocumentAsync(path, OperatorProtocol.Status, OperatorJson.Default.DaemonStatus, cancel);

    public ValueTask DisposeAsync() => Stream.DisposeAsync();

    private static async Task<(uint Domid, string Name)> ChangeAsync(
        string path, string request, CancellationToken cancel)
    {
        (Socket socket, string reply) = await AskAsync(path, request, cancel).ConfigureAwait(false);
        socket.Dispose();
        return TryParseName(reply, out uint domid, out string name) ? (domid, name) : throw NotTheProtocol(path, reply);
    }

    private static bool TryParseName(string reply, out uint domid, out string name)
    {
        string[] words = reply.Split(' ', 2);
        name = words.Length > 1 ? words[1] : "";
        return uint.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out domid);
    }

    private static async Task<T> AskForDocumentAsync<T>(
        string path, string request, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        (Socket socket, _) = await AskAsync(path, request, cancel).ConfigureAwait(false);
        NetworkStream stream = new(socket, ownsSocket: true);
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                return await JsonSerializer.DeserializeAsync(stream, type, cancel).ConfigureAwait(false)
                    ?? throw NotTheProtocol(path, "null");
            }
            catch (JsonException failure)
            {
                throw new XcsProtocolException(
                    $"the answer to {request} cannot be read (are daemon and client of one version?): {failure.Message}",
                    failure);
            }
            catch (IOException failure) when (failure is not XcsException)
            {
                throw new XcsDisconnectedException($"the daemon ended inside its answer: {failure.Message}", failure);
            }
        }
    }

    /// <summary>Sends the request line and takes the reply line, and not one byte more.</summary>
    /// <returns>The connection and what follows <c>OK</c>.</returns>
    private static async Task<(Socket Socket, string Reply)> AskAsync(
        string path, string request, CancellationToken cancel)
    {
        Socket socket = await DaemonSocket.ConnectAsync(path, cancel).ConfigureAwait(false);
        try
        {
            await SendLineAsync(socket, request, cancel).ConfigureAwait(false);
            string line = await ReceiveLineAsync(socket, path, cancel).ConfigureAwait(false);
            string[] words = line.Split(' ', 2);
            return words[0] switch
            {
                OperatorProtocol.Ok => (socket, words.Length > 1 ? words[1] : ""),
                OperatorProtocol.Error => throw Refusal(words.Length > 1 ? words[1] : ""),
                _ => throw NotTheProtocol(path, line),
            };
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new XcsDisconnectedException($"the connection to {path} failed: {failure.Message}", failure);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task SendLineAsync(Socket socket, string request, CancellationToken cancel)
    {
        ReadOnlyMemory<byte> line = Encoding.UTF8.GetBytes(request + "\n");
        try
        {
            while (!line.IsEmpty)
            {
                line = line[await socket.SendAsync(line, cancel).ConfigureAwait(false)..];
            }
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.Shutdown or SocketError.ConnectionReset)
        {
            // It may have refused us (too many connections) without reading: what it said is still there.
        }
    }

    private static async Task<string> ReceiveLineAsync(Socket socket, string path, CancellationToken cancel)
    {
        // A sentence may be longer than a request; this is only against a socket that is something else.
        const int MaxReply = 8 * OperatorProtocol.MaxLine;
        byte[] buffer = new byte[MaxReply];
        int length = 0;
        while (length < MaxReply)
        {
            // Looked at first, taken second: what follows the line is the console's.
            Memory<byte> rest = buffer.AsMemory(length);
            int seen = await socket.ReceiveAsync(rest, SocketFlags.Peek, cancel).ConfigureAwait(false);
            if (seen == 0)
            {
                throw new XcsDisconnectedException($"the daemon closed {path} before it answered");
            }

            int end = rest.Span[..seen].IndexOf((byte)'\n');
            int take = end < 0 ? seen : end + 1;
            length += await socket.ReceiveAsync(rest[..take], SocketFlags.None, cancel).ConfigureAwait(false);
            if (end >= 0)
            {
                return Encoding.UTF8.GetString(buffer, 0, length - 1).TrimEnd('\r');
            }
        }

        throw NotTheProtocol(path, Encoding.UTF8.GetString(buffer, 0, 60) + "…");
    }

    private static OperatorRefusedException Refusal(string reply)
    {
        string[] words = reply.Split(' ', 2);
        return new OperatorRefusedException(words[0], words.Length > 1 ? words[1] : $"refused ({words[0]})");
    }

    private static XcsProtocolException NotTheProtocol(string path, string said)
        => new($"{path} answers '{said}': it is not the console socket of xcsd");

    private static string CheckedName(string domain)
        => domain.AsSpan().Trim().IsEmpty || domain.AsSpan().ContainsAny('\n', '\r')
            ? throw new ArgumentException("a domain is a domid or a name of one line", nameof(domain))
            : domain;
}
