using System.Text;
using System.Text.Json;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.Protocol.Operator;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Documents of all domains: one is made a turn, and what nobody reads has a limit.</summary>
public sealed class DocumentLineTests
{
    private static readonly DaemonStatus s_status = new(
        "0.1.0", 42, "fake", 1.5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

    private readonly List<ulong> _made = [];
    private Action? _whenMade;
    private ConsoleRig? _rig;

    [Fact]
    public void Guests_are_served_between_two_documents()
    {
        using ConsoleRig rig = Start();
        var (_, _, program, console) = rig.AddRing(1, "web");
        List<ulong> printed = [];
        _whenMade = () =>
        {
            printed.Add(console.BytesOut);
            program.Write("x"u8.ToArray());
        };

        Send(rig, "STATUS", "TOP");
        Assert.Equal([0UL, 1UL], printed);
    }

    [Fact]
    public void However_many_ask_at_once_no_more_than_one_document_is_made_in_a_turn()
    {
        using ConsoleRig rig = Start();
        TestClient[] clients = Send(rig, [.. Enumerable.Repeat<string[]>(["STATUS", "TOP", "LIST", "METRICS", "WHO"], 12).SelectMany(static five => five)]);
        Assert.Equal(2, _made.Count);
        Assert.Equal(2, _made.Distinct().Count());
        for (int i = 0; i < clients.Length; i++)
        {
            Assert.Equal("OK", rig.ReadLine(clients[i]));
            using JsonDocument document = JsonDocument.Parse(rig.ReadLine(clients[i]));
            string expected = (i % 5) switch { 0 => "version", 1 => "daemon", 2 => "domains", 3 => "instruments", _ => "consoles" };
            Assert.True(document.RootElement.TryGetProperty(expected, out _), $"{i}: {document.RootElement}");
        }

        rig.RunIdle();
        Assert.Equal(0, rig.Operators.Connections);
    }

    [Fact]
    public void Who_leaves_the_line_gets_no_document_and_costs_none()
    {
        using ConsoleRig rig = Start();
        TestClient[] clients = [rig.Connect(), rig.Connect()];
        rig.RunIdle();
        clients[0].Send("STATUS\n");
        clients[1].Send("TOP\n");
        _whenMade = clients[1].Dispose;
        rig.RunIdle();
        _ = Assert.Single(_made);
        Assert.Equal("OK", rig.ReadLine(clients[0]));
        Assert.Equal(0, rig.Operators.Connections);
    }

    [Fact]
    public void What_nobody_reads_has_a_limit_beyond_which_requests_are_refused_until_somebody_has_read()
    {
        using ConsoleRig rig = Start();
        for (uint domid = 1; domid <= 3000; domid++)
        {
            _ = rig.Hypervisor.AddDomain(domid);
        }

        rig.RunIdle();
        List<TestClient> held = [];
        string reply;
        do
        {
            Assert.InRange(held.Count, 0, 500);
            held.Add(rig.Connect());
            held[^1].Send("LIST\n");
            reply = rig.ReadLine(held[^1]);
        }
        while (reply == "OK");
        Assert.StartsWith("ERR too-many-requests ", reply, StringComparison.Ordinal);
        Assert.True(held.Count > 20);

        List<byte> all = [];
        rig.RunUntil(() => { held[0].ReceiveInto(all); return held[0].IsEnded; }, "the list");
        Assert.Equal(3000, JsonSerializer.Deserialize([.. all], OperatorJson.Default.DomainList)!.Domains.Count);
        TestClient next = rig.Connect();
        next.Send("LIST\n");
        Assert.Equal("OK", rig.ReadLine(next));
    }

    // Nobody's time to read is over meanwhile.
    private ConsoleRig Start() => _rig = new ConsoleRig(static options => options.PtyDirectory = null, new FakeTimeProvider(), MakeStatus);

    private DaemonStatus MakeStatus()
    {
        _made.Add(_rig!.Loop.Turns);
        _whenMade?.Invoke();
        return s_status;
    }

    /// <summary>All of them in one turn.</summary>
    private static TestClient[] Send(ConsoleRig rig, params string[] requests)
    {
        TestClient[] clients = [.. requests.Select(_ => rig.Connect())];
        rig.RunIdle();
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i].Send(Encoding.ASCII.GetBytes(requests[i] + "\n"));
        }

        rig.RunIdle();
        return clients;
    }
}
