using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client;

/// <summary>What a guest is asked to do with itself.</summary>
public enum ShutdownRequest
{
    PowerOff,
    Reboot,
    Suspend,
}

/// <summary>A guest's answer to a memory request.</summary>
/// <param name="Domid">The domain.</param>
/// <param name="Name">Its name.</param>
/// <param name="Pages">The guest's target, in pages of 4 KiB; it works towards it from now on.</param>
/// <param name="Status">The guest's return code. Negative: it failed; 0 and above: kernels differ.</param>
public sealed record MemoryAnswer(uint Domid, string Name, uint Pages, int Status);

/// <summary>A guest's console through the daemon's console socket, and the daemon's answers to an operator.</summary>
public sealed partial class ConsoleConnection : IAsyncDisposable
{
    /// <summary>Where the daemon listens, unless its settings say otherwise.</summary>
    public const string DefaultPath = "/run/xcs/console.sock";

    private ConsoleConnection(uint domid, string name, ulong? viewer, bool isWriter, NetworkStream stream)
    {
        Domid = domid;
        Name = name;
        ViewerId = viewer;
        IsWriter = isWriter;
        Stream = stream;
    }

    public uint Domid { get; }

    /// <summary>The console's name: the domain's, with <c>#1</c> or <c>#control</c> where another than the first is meant.</summary>
    public string Name { get; }

    /// <summary>Which viewer this is, for <see cref="TakeSeatAsync"/> and its like; null unless it attached with a <see cref="ConsoleAttachment"/>.</summary>
    public ulong? ViewerId { get; }

    /// <summary>Whether it had the writer's seat when it attached; false also where <see cref="ViewerId"/> is null.</summary>
    public bool IsWriter { get; }

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
    public static Task<ConsoleConnection> AttachAsync(
        string path, string domain, ConsoleReplay replay = ConsoleReplay.Recent, CancellationToken cancel = default)
        => AttachAsync(path, domain, replay, new ConsoleOutput(), cancel);

    /// <summary>Attaches to a console of a domain.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="domain">As above; nor can a name be given whose last word has the form of one of the protocol's, such as <c>lines=3</c>.</param>
    /// <param name="replay">With what it begins, unless <paramref name="output"/> says so.</param>
    /// <param name="output">What is wanted beyond that.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">There is no such domain, several have that name, it has no console…</exception>
    public static Task<ConsoleConnection> AttachAsync(
        string path, string domain, ConsoleReplay replay, ConsoleOutput output, CancellationToken cancel = default)
        => AttachAsync(path, $"{OperatorProtocol.Attach} {CheckedName(domain)}{WordOf(replay)}{output.Words}", withViewer: false, cancel);

    /// <summary>Reads a console's output, of a living domain or of one that is gone and whose output the daemon still has; types nothing.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="domain">As for <see cref="AttachAsync(string, string, ConsoleReplay, ConsoleOutput, CancellationToken)"/>.</param>
    /// <param name="output">Which of it: unless it says otherwise all that the daemon has, to the newest of now.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>A connection to read from; its end is the end of what was asked for.</returns>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">There is and was no such domain, several have that name, it has no console…</exception>
    public static Task<ConsoleConnection> ReadLogAsync(
        string path, string domain, ConsoleOutput output, CancellationToken cancel = default)
        => AttachAsync(path, $"{OperatorProtocol.Log} {CheckedName(domain)}{output.Words}", withViewer: false, cancel);

    /// <summary>Attaches to a console of a domain as a viewer that says what it may do, and learns which one it is.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="domain">As above.</param>
    /// <param name="how">What it wants.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">There is no such domain, somebody has the console for himself…</exception>
    public static Task<ConsoleConnection> AttachAsync(
        string path, string domain, ConsoleAttachment how, CancellationToken cancel = default)
    {
        string mode = how.Mode switch
        {
            ConsoleMode.ReadOnly => OperatorProtocol.ReadOnly,
            ConsoleMode.TakeOver => OperatorProtocol.TakeOver,
            ConsoleMode.Exclusive => OperatorProtocol.Exclusive,
            _ => OperatorProtocol.ReadWrite,
        };
        string request = $"{OperatorProtocol.Attach} {CheckedName(domain)}{WordOf(how.Replay)}{how.Output.Words} {OperatorProtocol.ModeWord}{mode}"
            + (how.FramedNotices ? " " + OperatorProtocol.FramedNotices : "");
        return AttachAsync(path, request, withViewer: true, cancel);
    }

    /// <summary>Who is attached, and who types.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="console">As for <c>AttachAsync</c>; null for all consoles.</param>
    /// <param name="cancel">Ends the attempt.</param>
    public static Task<ViewerList> WhoAsync(string path, string? console = null, CancellationToken cancel = default)
        => AskForDocumentAsync(
            path,
            console is null ? OperatorProtocol.Who : $"{OperatorProtocol.Who} {CheckedName(console)}",
            OperatorJson.Default.ViewerList,
            cancel);

    /// <summary>Gives a viewer the writer's seat of its console; who had it gets it back when the viewer leaves or gives it up.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="viewer">One of the caller's user, unless that is root.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="OperatorRefusedException">Somebody has the console for himself, the viewer is read-only, is gone…</exception>
    public static Task TakeSeatAsync(string path, ulong viewer, CancellationToken cancel = default)
        => ChangeAsync(path, $"{OperatorProtocol.Take} {viewer}", cancel);

    /// <summary>The viewer gives the writer's seat up: whoever waits gets it.</summary>
    public static Task ReleaseSeatAsync(string path, ulong viewer, CancellationToken cancel = default)
        => ChangeAsync(path, $"{OperatorProtocol.Release} {viewer}", cancel);

    /// <summary>Lets a viewer write from now on, or not any more.</summary>
    public static Task SetReadOnlyAsync(string path, ulong viewer, bool isReadOnly, CancellationToken cancel = default)
        => ChangeAsync(
            path,
            $"{OperatorProtocol.Mode} {viewer} {(isReadOnly ? OperatorProtocol.ReadOnly : OperatorProtocol.ReadWrite)}",
            cancel);

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

    /// <summary>Asks a guest to go, over its control channel, and waits for its acknowledgement.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="domain">A domid or a name. A name whose last word is <c>wait</c> cannot be given here: use its domid.</param>
    /// <param name="request">What it is asked to do.</param>
    /// <param name="wait">Waits until the domain has gone; not of a suspend.</param>
    /// <param name="cancel">Ends the wait; the guest has been asked all the same.</param>
    /// <returns>The domain, and its name.</returns>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">The guest does not answer, has no control channel, the daemon does not do this…</exception>
    public static Task<(uint Domid, string Name)> ShutdownAsync(
        string path, string domain, ShutdownRequest request, bool wait = false, CancellationToken cancel = default)
    {
        string word = request switch
        {
            ShutdownRequest.PowerOff => OperatorProtocol.Shutdown,
            ShutdownRequest.Reboot => OperatorProtocol.Reboot,
            ShutdownRequest.Suspend when !wait => OperatorProtocol.Suspend,
            _ => throw new ArgumentException("only a domain that powers off or starts anew can be waited for", nameof(wait)),
        };
        return ChangeAsync(path, $"{word} {CheckedName(domain)}" + (wait ? " " + OperatorProtocol.Wait : ""), cancel);
    }

    /// <summary>Asks a guest to have so much memory, over its control channel, and waits for its answer.</summary>
    /// <param name="path">The daemon's console socket.</param>
    /// <param name="domain">A domid or a name.</param>
    /// <param name="pages">At least <see cref="MemorySize.LeastPages"/>, of 4 KiB each.</param>
    /// <param name="cancel">Ends the wait; the guest has been asked all the same.</param>
    /// <exception cref="XcsUnavailableException">The daemon cannot be reached.</exception>
    /// <exception cref="OperatorRefusedException">The guest does not answer, knows no such request, has no control channel…</exception>
    public static async Task<MemoryAnswer> SetMemoryAsync(
        string path, string domain, uint pages, CancellationToken cancel = default)
    {
        (Socket socket, string reply) = await AskAsync(
            path, $"{OperatorProtocol.MemorySet} {CheckedName(domain)} {pages}p", cancel).ConfigureAwait(false);
        socket.Dispose();

        // Domid first, two numbers last; between them the name, which may have spaces.
        int status = reply.LastIndexOf(' ');
        int target = status > 0 ? reply.LastIndexOf(' ', status - 1) : -1;
        return target > 0
            && TryParseName(reply[..target], out uint domid, out string name)
            && uint.TryParse(reply.AsSpan(target + 1, status - target - 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint granted)
            && int.TryParse(reply.AsSpan(status + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code)
                ? new MemoryAnswer(domid, name, granted, code)
                : throw NotTheProtocol(path, reply);
    }

    /// <summary>Every domain that the daemon serves.</summary>
    public static Task<DomainList> ListAsync(string path = DefaultPath, CancellationToken cancel = default)
        => AskForDocumentAsync(path, OperatorProtocol.List, OperatorJson.Default.DomainList, cancel);

    /// <summary>The daemon itself: its version, what it serves, its counters.</summary>
    public static Task<DaemonStatus> StatusAsync(string path = DefaultPath, CancellationToken cancel = default)
        => AskForDocumentAsync(path, OperatorProtocol.Status, OperatorJson.Default.DaemonStatus, cancel);

    /// <summary>The daemon and what each guest does, for a live view. A daemon that does not know this refuses it (<c>unknown-request</c>).</summary>
    public static Task<FigureList> FiguresAsync(string path = DefaultPath, CancellationToken cancel = default)
        => AskForDocumentAsync(path, OperatorProtocol.Top, OperatorJson.Default.FigureList, cancel);

    /// <summary>All instruments of the daemon, for a monitoring system. A daemon that does not know this refuses it (<c>unknown-request</c>).</summary>
    public static Task<InstrumentList> InstrumentsAsync(string path = DefaultPath, CancellationToken cancel = default)
        => AskForDocumentAsync(path, OperatorProtocol.Metrics, OperatorJson.Default.InstrumentList, cancel);

    public ValueTask DisposeAsync() => Stream.DisposeAsync();

    private static string WordOf(ConsoleReplay replay) => replay switch
    {
        ConsoleReplay.New => " " + OperatorProtocol.ReplayNew,
        ConsoleReplay.All => " " + OperatorProtocol.ReplayAll,
        _ => "",
    };

    private static async Task<ConsoleConnection> AttachAsync(
        string path, string request, bool withViewer, CancellationToken cancel)
    {
        (Socket socket, string reply) = await AskAsync(path, request, cancel).ConfigureAwait(false);
        ulong id = 0;
        bool isWriter = false;
        if ((withViewer && !TryCutViewer(ref reply, out id, out isWriter)) | !TryParseName(reply, out uint domid, out string name))
        {
            socket.Dispose();
            throw NotTheProtocol(path, reply);
        }

        return new ConsoleConnection(domid, name, withViewer ? id : null, isWriter, new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>The last two words of a reply; before them is a name, which may have spaces.</summary>
    private static bool TryCutViewer(ref string reply, out ulong id, out bool isWriter)
    {
        id = 0;
        isWriter = false;
        int seat = reply.LastIndexOf(" " + OperatorProtocol.SeatWord, StringComparison.Ordinal);
        int viewer = seat > 0 ? reply.LastIndexOf(" " + OperatorProtocol.ViewerWord, seat, StringComparison.Ordinal) : -1;
        if (viewer < 0)
        {
            return false;
        }

        isWriter = reply[(seat + 1 + OperatorProtocol.SeatWord.Length)..] == OperatorProtocol.SeatWriter;
        ReadOnlySpan<char> number = reply.AsSpan((viewer + 1 + OperatorProtocol.ViewerWord.Length)..seat);
        bool isNumber = ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out id);
        reply = reply[..viewer];
        return isNumber;
    }

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
                throw new XcsDisconnectedException($"the daemon ended inside its answer: {failure.Message}; see: systemctl status xcsd", failure);
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
            throw new XcsDisconnectedException($"the connection to {path} failed: {failure.Message}; see: systemctl status xcsd", failure);
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
                throw new XcsDisconnectedException($"the daemon closed {path} before it answered; see: systemctl status xcsd");
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
        => new($"{path} answers '{said}': it is not the console socket of xcsd; give the path of that one");

    private static string CheckedName(string domain)
        => domain.AsSpan().Trim().IsEmpty || domain.AsSpan().ContainsAny('\n', '\r')
            ? throw new ArgumentException("a domain is a domid or a name of one line", nameof(domain))
            : domain;
}
