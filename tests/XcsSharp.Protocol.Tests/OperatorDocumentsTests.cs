using System.Text.Json;

using XcsSharp.Protocol.Operator;

using Xunit;

namespace XcsSharp.Protocol.Tests;

/// <summary>The documents are an interface: scripts read them by these names, and daemon and client may be of two versions.</summary>
public sealed class OperatorDocumentsTests
{
    private const string Domain =
        """
        "domid":3,"generation":2,"name":"web","transport":"granted","state":"connected","problem":null,"localPort":17,"pty":"/run/xcs/pty/web","ptyDevice":"/dev/pts/3","viewers":1,"bytesOut":4,"bytesIn":5,"bytesDropped":6,"requests":7,"responses":8,"unanswered":0
        """;

    private const string Status =
        """
        "version":"0.1.0","pid":4711,"backend":"sim","uptimeSeconds":1.5,"domains":3,"channels":2,"quarantined":1,"sessions":4,"viewers":5,"requests":6,"responses":7,"answeredByDaemon":8,"answersDropped":9,"slowSessionsClosed":10,"turns":11,"portsServed":12
        """;

    private static readonly DomainEntry s_entry = new(
        3, 2, "web", "granted", "connected", null, 17, "/run/xcs/pty/web", "/dev/pts/3", 1, 4, 5, 6, 7, 8, 0);

    private static readonly DaemonStatus s_status = new("0.1.0", 4711, "sim", 1.5, 3, 2, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12);

    [Fact]
    public void A_list_is_written_with_these_names()
    {
        ConsoleEntry console = new(
            "web#1", 1, "ring", "waiting", "its grant is wrong", null, null, null, 0, 1, 2, 3, "/var/log/xcs/guest-web#1.log", 4, 5);
        DomainEntry entry = s_entry with { Consoles = [console], ThrottledMs = 9, ThrottledTimes = 10, Refusals = 11 };
        const string Console =
            """
            {"name":"web#1","number":1,"transport":"ring","state":"waiting","problem":"its grant is wrong","localPort":null,"pty":null,"ptyDevice":null,"viewers":0,"bytesOut":1,"bytesIn":2,"bytesDropped":3,"log":"/var/log/xcs/guest-web#1.log","bytesLogged":4,"bytesNotLogged":5,"socket":null}
            """;

        Assert.Equal(
            "{\"domains\":[{" + Domain + ",\"consoles\":[" + Console + "],\"throttledMs\":9,\"throttledTimes\":10,\"refusals\":11}]}",
            JsonSerializer.Serialize(new DomainList([entry]), OperatorJson.Default.DomainList));
    }

    [Fact]
    public void A_status_is_written_with_these_names() => Assert.Equal(
        "{" + Status + ",\"consoleRings\":13,\"consoleBytes\":14,\"throttledMs\":15,\"quarantines\":16,\"refusals\":17,"
        + "\"requestsLockedOut\":18,\"sessionsPaused\":19}",
        JsonSerializer.Serialize(
            s_status with
            {
                ConsoleRings = 13,
                ConsoleBytes = 14,
                ThrottledMs = 15,
                Quarantines = 16,
                Refusals = 17,
                RequestsLockedOut = 18,
                SessionsPaused = 19,
            },
            OperatorJson.Default.DaemonStatus));

    [Theory]
    [InlineData("")]
    [InlineData(",\"ofALaterVersion\":{\"a\":[1]}")]
    public void What_another_version_has_less_or_more_is_passed_over(string more)
    {
        DomainList list = JsonSerializer.Deserialize(
            "{\"domains\":[{" + Domain + more + "}]" + more + "}", OperatorJson.Default.DomainList)!;
        DaemonStatus status = JsonSerializer.Deserialize("{" + Status + more + "}", OperatorJson.Default.DaemonStatus)!;

        Assert.Equal(s_entry, Assert.Single(list.Domains));
        Assert.Equal(s_status, status);
    }
}
