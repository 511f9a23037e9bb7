using System.Net.Sockets;
using System.Text;

using XcsSharp.Protocol;

namespace XcsSharp.Chaos.Troubles;

/// <summary>Clients by the hundred that connect, say nothing, half of something or all of it, and never read.</summary>
internal sealed class StallingClients(Bed bed, Random random, int most) : Trouble(bed, random)
{
    private readonly List<Socket> _sockets = [];

    public override string Name => "stalling-clients";

    protected override int PauseMilliseconds => 4;

    protected override async Task ActAsync(CancellationToken cancel)
    {
        if (_sockets.Count >= most || (_sockets.Count > 0 && Random.Next(3) == 0))
        {
            int gone = Random.Next(_sockets.Count);
            _sockets[gone].Dispose();
            _sockets.RemoveAt(gone);
            Note("gone");
            return;
        }

        bool isConsole = Random.Next(2) == 0;
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        _sockets.Add(socket);
        try
        {
            await socket.ConnectAsync(
                new UnixDomainSocketEndPoint(isConsole ? Bed.Places.Console : OneOf(Bed.Places.Xcs, Bed.Places.Classic)), cancel);
            _ = socket.Send(isConsole ? ConsoleWords() : Records());
            Note(isConsole ? "at a console" : "at the switch");
        }
        catch (SocketException failure)
        {
            Note($"refused: {failure.SocketErrorCode}");
        }
    }

    protected override Task EndAsync()
    {
        foreach (Socket socket in _sockets)
        {
            socket.Dispose();
        }

        _sockets.Clear();
        return Task.CompletedTask;
    }

    private byte[] ConsoleWords()
    {
        string name = OneOf([.. Bed.HonestNames, .. Bed.Hostile.Values]);
        return Encoding.UTF8.GetBytes(OneOf(
            "", "ATT", $"ATTACH {name}\n", $"ATTACH {name} all\n", $"ATTACH {name} replay\n", "LIST\n", "STATUS\n", $"LOG {name} follow\n", $"WHO {name}\n",
            $"ATTACH {name}\n" + new string('x', 5000), "TOP\n", new string('L', 3000)));
    }

    /// <summary>A whole handshake cannot be had without reading: what is sent blindly may be for a session that there is not.</summary>
    private byte[] Records()
    {
        List<byte> all = [];
        for (int i = Random.Next(4); i > 0; i--)
        {
            XcsRecord record = new()
            {
                Type = OneOf(RecordType.ConnectControl, RecordType.ConnectData, RecordType.Bind, RecordType.Request, RecordType.Response),
                SessionId = (uint)Random.Next(5),
            };
            all.AddRange(XcsRecord.Bytes(in record));
        }

        return [.. all.Take(Random.Next(all.Count + 1))];
    }
}
