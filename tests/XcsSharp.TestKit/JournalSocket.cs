using System.Net.Sockets;
using System.Text;

namespace XcsSharp.TestKit;

/// <summary>The journal's end of its socket: takes entries of the native protocol apart. What breaks the protocol is an exception of <see cref="Take"/>.</summary>
/// <remarks>Nobody reads by itself: a test takes what there is, so a journal that does not read is one whose test does not take.</remarks>
public sealed class JournalSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
    private readonly byte[] _buffer = new byte[256 * 1024];

    public JournalSocket(string path)
    {
        Path = path;
        File.Delete(path);
        _socket.Bind(new UnixDomainSocketEndPoint(path));
    }

    public string Path { get; }

    /// <summary>The entries that have come since the last time.</summary>
    /// <exception cref="InvalidDataException">One is not of the protocol.</exception>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Take()
    {
        List<IReadOnlyDictionary<string, string>> entries = [];
        while (true)
        {
            int count = _socket.Receive(_buffer, SocketFlags.None, out SocketError error);
            if (error != SocketError.Success)
            {
                return entries;
            }

            entries.Add(Parse(Encoding.UTF8.GetString(_buffer, 0, count)));
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(Path);
    }

    private static Dictionary<string, string> Parse(string entry)
    {
        if (!entry.EndsWith('\n'))
        {
            throw new InvalidDataException($"the last field has no end: {entry}");
        }

        Dictionary<string, string> fields = [];
        foreach (string line in entry[..^1].Split('\n'))
        {
            int sign = line.IndexOf('=', StringComparison.Ordinal);
            if (sign is < 1 or > 64 || !line[..sign].All(static c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_'))
            {
                throw new InvalidDataException($"'{line}' is no field with a text of one line");
            }

            if (!fields.TryAdd(line[..sign], line[(sign + 1)..]))
            {
                throw new InvalidDataException($"{line[..sign]} is there twice");
            }
        }

        return fields;
    }
}
