using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

using XcsSharp.Consoles;
using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.Handshakes;
using XcsSharp.Fuzz.Targets.Records;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// The console socket from its first byte on: a request line, and what follows it. There is one reply, one line that a terminal may show;
/// what follows an <c>ATTACH</c> is the guest's input and nothing else is; and all of it is the same however it was sent.
/// </summary>
internal sealed partial class ConsoleHandshakeTarget : IFuzzTarget
{
    private const int MostLine = 512;

    private static readonly string[] s_documents = ["LIST", "STATUS", "TOP", "METRICS", "WHO"];

    private readonly HandshakeWorld _world = new();

    public int MaxLength => 700;

    public IEnumerable<byte[]> Seeds =>
    [
        "\0ATTACH web\nls\r"u8.ToArray(), "\0ATTACH 5 all mode=ro notices\nls\r"u8.ToArray(), "\0ATTACH web#control level=raw tail=10\n"u8.ToArray(), "\0ATTACH web mode=exclusive notices=framed\r\nx"u8.ToArray(),
        "\0LOG web lines=3 follow\n"u8.ToArray(), "\0LIST\n"u8.ToArray(), "\0STATUS\r\n"u8.ToArray(), "\0TOP\n"u8.ToArray(), "\0WHO web\n"u8.ToArray(), "\0WHO\n"u8.ToArray(),
        "\0TAKE 1\n"u8.ToArray(), "\0RELEASE 1\n"u8.ToArray(), "\0MODE 1 ro\n"u8.ToArray(), "\0CONSOLE-ADD web\n"u8.ToArray(), "\0CONSOLE-DEL web#1\n"u8.ToArray(), "\0HELP\n"u8.ToArray(),
        [0, .. Enumerable.Repeat((byte)'x', 512), (byte)'\r', (byte)'\n'], [0, .. Enumerable.Repeat((byte)'x', 514)],
    ];

    public IReadOnlyList<byte[]> Words =>
    [
        "ATTACH "u8.ToArray(), "LOG "u8.ToArray(), "web"u8.ToArray(), "#control"u8.ToArray(), "#1"u8.ToArray(), " all"u8.ToArray(), " new"u8.ToArray(), " from=boot"u8.ToArray(), " tail="u8.ToArray(),
        " lines="u8.ToArray(), " since="u8.ToArray(), " level=strip"u8.ToArray(), " level=raw"u8.ToArray(), " follow"u8.ToArray(), " mode=rw"u8.ToArray(), " mode=ro"u8.ToArray(), " mode=take"u8.ToArray(),
        " mode=exclusive"u8.ToArray(), " notices"u8.ToArray(), " notices=framed"u8.ToArray(), "253402300799999"u8.ToArray(), "253402300800000"u8.ToArray(), "\r\n"u8.ToArray(), "\n"u8.ToArray(), " "u8.ToArray(), "="u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        byte cut = input.Byte();
        ReadOnlySpan<byte> sent = input.Rest;
        JudgeLine(sent, 1 + (cut % 70));
        bool isCut = cut % 2 == 1;
        (byte[] came, byte[] typed) = Play(sent, isCut ? 1 + (cut % 70) : int.MaxValue);
        if (cut % 8 < 2)
        {
            (byte[] again, byte[] typedAgain) = Play(sent, isCut ? int.MaxValue : 1 + (cut % 70));
            Expect.Same(came, again, "what came is the same however it was sent");
            Expect.Same(typed, typedAgain, "what was typed is the same however it was sent");
        }
    }

    public void Dispose() => _world.Dispose();

    [GeneratedRegex("viewer=[0-9]+")]
    private static partial Regex ViewerId();

    /// <summary>The line, cut at its line feed with no state kept.</summary>
    /// <returns>Null: too long, or not complete.</returns>
    private static byte[]? FindLine(ReadOnlySpan<byte> sent, out LineState state, out int length)
    {
        int end = sent.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? sent : sent[..end];
        length = end < 0 ? sent.Length : end + 1;
        bool hasReturn = line.EndsWith("\r"u8);
        int most = hasReturn ? MostLine + 1 : MostLine;
        state = line.Length > most ? LineState.TooLong : end < 0 ? LineState.Incomplete : LineState.Complete;
        return state == LineState.Complete ? line[..^(hasReturn ? 1 : 0)].ToArray() : null;
    }

    /// <summary>The line's assembler alone, in pieces.</summary>
    private static void JudgeLine(ReadOnlySpan<byte> sent, int piece)
    {
        byte[]? expected = FindLine(sent, out LineState state, out int length);
        RequestLine line = default;
        LineState actual = LineState.Incomplete;
        int taken = 0;
        for (ReadOnlySpan<byte> left = sent; actual == LineState.Incomplete && !left.IsEmpty;)
        {
            ReadOnlySpan<byte> next = left[..Math.Min(piece, left.Length)];
            left = left[next.Length..];
            ReadOnlySpan<byte> rest = next;
            actual = line.Take(ref rest);
            taken += next.Length - rest.Length;
        }

        Expect.That(actual == state, $"the line is {state}, not {actual}");
        if (expected is not null)
        {
            Expect.Same(expected, line.Text, "the line");
            Expect.Equal(length, taken, "what follows the line is left");
        }
    }

    private (byte[] Came, byte[] Typed) Play(ReadOnlySpan<byte> sent, int piece)
    {
        _world.Begin("first\r\nlogin: "u8);
        SocketEnd client = _world.Connect();
        for (ReadOnlySpan<byte> left = sent; !left.IsEmpty;)
        {
            int count = left.Length == sent.Length ? Math.Min(piece, left.Length) : left.Length;
            client.Send(left[..count]);
            left = left[count..];
            _world.Turn();
        }

        _world.Settle();
        client.Receive();
        byte[] came = Judge(sent, client);
        byte[] typed = _world.Typed.ToArray();
        _world.End(client);
        return (came, typed);
    }

    private byte[] Judge(ReadOnlySpan<byte> sent, SocketEnd client)
    {
        byte[]? line = FindLine(sent, out LineState state, out int length);
        ReadOnlySpan<byte> came = client.Came;
        if (state == LineState.Incomplete)
        {
            Expect.That(came.IsEmpty && !client.IsEnded, "without a line there is no reply");
            _world.Wait(TimeSpan.FromMinutes(1));
            client.Receive();
            Expect.That(client.Came.IsEmpty && client.IsEnded, "who sends no line is closed in time");
            return [];
        }

        int end = came.IndexOf((byte)'\n');
        Expect.That(end > 0, "a line has a reply");
        string reply = Encoding.UTF8.GetString(came[..end]);
        Expect.That(!reply.Any(char.IsControl), "a reply is one line that a terminal may show");
        bool isOk = reply == "OK" || reply.StartsWith("OK ", StringComparison.Ordinal);
        Expect.That(isOk || reply.StartsWith("ERR ", StringComparison.Ordinal) && reply.Length > 20, "a reply says OK, or ERR with a code and a sentence");
        Expect.That(state != LineState.TooLong || reply.Contains("line-too-long", StringComparison.Ordinal), "a line that is too long is refused");
        string asked = line is null ? "" : Encoding.UTF8.GetString(line).Trim(' ');
        bool isViewer = isOk && asked.StartsWith("ATTACH ", StringComparison.Ordinal);
        JudgeTyped(isViewer && !asked.Contains("mode=ro", StringComparison.Ordinal), sent[length..]);
        if (isOk && (s_documents.Contains(asked) || asked.StartsWith("WHO ", StringComparison.Ordinal)))
        {
            using var document = JsonDocument.Parse(came[(end + 1)..].ToArray());
            Expect.That(client.IsEnded && document.RootElement.ValueKind == JsonValueKind.Object, "a document is whole, and the end");
            return Encoding.UTF8.GetBytes(reply);
        }

        Expect.That(client.IsEnded != (isViewer || isOk && asked.Contains(" follow", StringComparison.Ordinal)), "the connection goes on for viewers alone");
        return Encoding.UTF8.GetBytes(ViewerId().Replace(reply, "viewer=N")).Concat(came[end..].ToArray()).ToArray();
    }

    private void JudgeTyped(bool isWriter, ReadOnlySpan<byte> after)
    {
        // A name may contain "mode=ro" without meaning it: then either is right.
        if (!_world.Typed.IsEmpty || isWriter)
        {
            Expect.Same(after, _world.Typed, "what follows the line is the guest's input");
        }
    }
}
