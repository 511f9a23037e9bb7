using System.Net.Sockets;
using System.Text;
using System.Text.Json;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests;

public sealed class ConsoleConnectionTests : IDisposable
{
    private readonly ScriptedServer _server = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Theory]
    [InlineData(ConsoleReplay.Recent, "ATTACH web 1")]
    [InlineData(ConsoleReplay.New, "ATTACH web 1 new")]
    [InlineData(ConsoleReplay.All, "ATTACH web 1 all")]
    public async Task Attaching_asks_in_one_line_and_learns_who_it_is(ConsoleReplay replay, string line)
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "web 1", replay, Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        Assert.Equal(line, await server.ReceiveLineAsync(Cancel));
        await server.SendAsync("OK 7 web 1\n", Cancel);
        await using ConsoleConnection console = await attaching;
        Assert.Equal((7u, "web 1"), (console.Domid, console.Name));
    }

    [Theory]
    [InlineData(ConsoleMode.ReadWrite, false, "ATTACH my box all mode=rw", "writer")]
    [InlineData(ConsoleMode.ReadOnly, false, "ATTACH my box all mode=ro", "reader")]
    [InlineData(ConsoleMode.TakeOver, true, "ATTACH my box all mode=take notices=framed", "writer")]
    [InlineData(ConsoleMode.Exclusive, true, "ATTACH my box all mode=exclusive notices=framed", "reader")]
    public async Task A_viewer_that_says_what_it_wants_learns_which_one_it_is(ConsoleMode mode, bool notices, string line, string seat)
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(
            _server.Path, "my box", new ConsoleAttachment(ConsoleReplay.All, mode, notices), Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        Assert.Equal(line, await server.ReceiveLineAsync(Cancel));
        await server.SendAsync($"OK 7 my box viewer=12 seat={seat}\n", Cancel);
        await using ConsoleConnection console = await attaching;
        Assert.Equal((7u, "my box", 12UL, seat == "writer"), (console.Domid, console.Name, console.ViewerId!.Value, console.IsWriter));
    }

    [Theory]
    [InlineData("OK 7 my box")]
    [InlineData("OK 7 my box viewer=x seat=writer")]
    [InlineData("OK viewer=1 seat=writer")]
    public async Task A_reply_that_does_not_say_which_viewer_it_is_comes_from_something_else(string reply)
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "my box", new ConsoleAttachment(), Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        await server.ReceiveLineAsync(Cancel);
        await server.SendAsync(reply + "\n", Cancel);
        await Assert.ThrowsAsync<XcsProtocolException>(() => attaching);
    }

    [Fact]
    public async Task Requests_for_a_viewer_are_a_line_each()
    {
        (Func<Task> Ask, string Line)[] all =
        [
            (() => ConsoleConnection.TakeSeatAsync(_server.Path, 12, Cancel), "TAKE 12"),
            (() => ConsoleConnection.ReleaseSeatAsync(_server.Path, 12, Cancel), "RELEASE 12"),
            (() => ConsoleConnection.SetReadOnlyAsync(_server.Path, 12, true, Cancel), "MODE 12 ro"),
            (() => ConsoleConnection.SetReadOnlyAsync(_server.Path, 12, false, Cancel), "MODE 12 rw"),
        ];
        foreach ((Func<Task> ask, string line) in all)
        {
            Task asking = ask();
            using ServerConnection server = await _server.AcceptAsync(Cancel);
            Assert.Equal(line, await server.ReceiveLineAsync(Cancel));
            await server.SendAsync("OK 7 my box\n", Cancel);
            await asking;
        }
    }

    [Fact]
    public async Task What_follows_the_reply_line_at_once_belongs_to_the_console()
    {
        byte[] output = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "7", cancel: Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        await server.ReceiveLineAsync(Cancel);
        await server.SendAsync((byte[])[.. "OK 7 web\n"u8, .. output], Cancel);
        await using ConsoleConnection console = await attaching;
        byte[] got = new byte[output.Length];
        await console.Stream.ReadExactlyAsync(got, Cancel);
        Assert.Equal(output, got);

        await console.Stream.WriteAsync(output, Cancel);
        Assert.Equal(output, await server.ReceiveBytesAsync(output.Length, Cancel));
    }

    [Fact]
    public async Task A_reply_in_single_bytes_is_read_as_one()
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "7", cancel: Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        await server.ReceiveLineAsync(Cancel);
        foreach (char c in "OK 7 wéb\r\n")
        {
            await server.SendAsync(c.ToString(), Cancel);
        }

        await using ConsoleConnection console = await attaching;
        Assert.Equal("wéb", console.Name);
    }

    [Fact]
    public async Task A_refusal_carries_the_daemons_code_and_sentence()
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "nobody", cancel: Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        await server.ReceiveLineAsync(Cancel);
        await server.SendAsync("ERR unknown-domain no domain 'nobody'; LIST names those that there are\n", Cancel);
        OperatorRefusedException refusal = await Assert.ThrowsAsync<OperatorRefusedException>(() => attaching);
        Assert.Equal(OperatorError.UnknownDomain, refusal.Code);
        Assert.Equal("no domain 'nobody'; LIST names those that there are", refusal.Message);
        await server.WaitForEndAsync(Cancel);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\n")]
    [InlineData("OK\n")]
    [InlineData("OK web 7\n")]
    public async Task An_answer_of_something_else_is_named_for_what_it_is(string answer)
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "7", cancel: Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        await server.ReceiveLineAsync(Cancel);
        await server.SendAsync(answer, Cancel);
        XcsProtocolException failure = await Assert.ThrowsAsync<XcsProtocolException>(() => attaching);
        Assert.Contains("not the console socket", failure.Message, StringComparison.Ordinal);
        await server.WaitForEndAsync(Cancel);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Adding_and_removing_a_console_gives_its_name_or_names_an_answer_of_something_else(bool add)
    {
        foreach ((string answer, bool isRight) in ((string, bool)[])[("OK 7 web#2\n", true), ("OK\n", false)])
        {
            Task<(uint Domid, string Name)> asking = add
                ? ConsoleConnection.AddAsync(_server.Path, "web", Cancel)
                : ConsoleConnection.RemoveAsync(_server.Path, "web#2", Cancel);
            using ServerConnection server = await _server.AcceptAsync(Cancel);
            Assert.Equal(add ? "CONSOLE-ADD web" : "CONSOLE-DEL web#2", await server.ReceiveLineAsync(Cancel));
            await server.SendAsync(answer, Cancel);
            if (isRight)
            {
                Assert.Equal((7u, "web#2"), await asking);
            }
            else
            {
                await Assert.ThrowsAsync<XcsProtocolException>(() => asking);
            }
        }
    }

    [Theory]
    [InlineData(ShutdownRequest.PowerOff, false, "SHUTDOWN my web")]
    [InlineData(ShutdownRequest.PowerOff, true, "SHUTDOWN my web wait")]
    [InlineData(ShutdownRequest.Reboot, false, "REBOOT my web")]
    [InlineData(ShutdownRequest.Reboot, true, "REBOOT my web wait")]
    [InlineData(ShutdownRequest.Suspend, false, "SUSPEND my web")]
    public async Task A_guest_is_asked_to_go_by_a_line_and_its_answer_is_a_line(ShutdownRequest request, bool wait, string line)
    {
        Task<(uint Domid, string Name)> asking = ConsoleConnection.ShutdownAsync(_server.Path, "my web", request, wait, Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        Assert.Equal(line, await server.ReceiveLineAsync(Cancel));
        await server.SendAsync("OK 7 my web\n", Cancel);
        Assert.Equal((7u, "my web"), await asking);
    }

    [Fact]
    public async Task A_suspend_cannot_be_waited_for()
        => await Assert.ThrowsAsync<ArgumentException>(
            () => ConsoleConnection.ShutdownAsync(_server.Path, "web", ShutdownRequest.Suspend, wait: true, Cancel));

    [Theory]
    [InlineData("OK 7 my web 131072 0\n", 131_072u, 0)]
    [InlineData("OK 7 my web 1 -12\n", 1u, -12)]
    [InlineData("OK 7 my web 131072\n", null, 0)]
    [InlineData("OK my web 131072 0\n", null, 0)]
    [InlineData("OK\n", null, 0)]
    public async Task A_guests_answer_about_its_memory_has_its_numbers_behind_the_name(string answer, uint? pages, int status)
    {
        Task<MemoryAnswer> asking = ConsoleConnection.SetMemoryAsync(_server.Path, "my web", 131_072, Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        Assert.Equal("MEM-SET my web 131072p", await server.ReceiveLineAsync(Cancel));
        await server.SendAsync(answer, Cancel);
        if (pages is uint target)
        {
            Assert.Equal(new MemoryAnswer(7, "my web", target, status), await asking);
        }
        else
        {
            await Assert.ThrowsAsync<XcsProtocolException>(() => asking);
        }
    }

    [Fact]
    public async Task A_refusal_without_a_sentence_shows_its_code()
    {
        Task<DomainList> asking = ConsoleConnection.ListAsync(_server.Path, Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        await server.ReceiveLineAsync(Cancel);
        await server.SendAsync("ERR failed\n", Cancel);

        OperatorRefusedException refusal = await Assert.ThrowsAsync<OperatorRefusedException>(() => asking);
        Assert.Equal(("failed", "refused (failed)"), (refusal.Code, refusal.Message));
    }

    [Fact]
    public async Task A_connection_that_breaks_before_the_answer_is_a_disconnection()
    {
        Task<DomainList> asking = ConsoleConnection.ListAsync(_server.Path, Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            await server.ReceiveBytesAsync(1, Cancel); // the rest stays unread, and the kernel resets the connection
        }

        await Assert.ThrowsAsync<XcsDisconnectedException>(() => asking);
    }

    [Fact]
    public async Task A_line_that_never_ends_is_given_up()
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "7", cancel: Cancel);
        using ServerConnection server = await _server.AcceptAsync(Cancel);
        await server.ReceiveLineAsync(Cancel);
        await server.SendAsync(new string('x', 8 * OperatorProtocol.MaxLine), Cancel);
        await Assert.ThrowsAsync<XcsProtocolException>(() => attaching);
    }

    [Fact]
    public async Task A_daemon_that_ends_before_it_answers_is_a_disconnection()
    {
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(_server.Path, "7", cancel: Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            await server.ReceiveLineAsync(Cancel);
            await server.SendAsync("OK 7", Cancel);
        }

        await Assert.ThrowsAsync<XcsDisconnectedException>(() => attaching);
    }

    [Fact]
    public async Task Documents_are_read_in_whatever_pieces_they_come()
    {
        DomainList sent = new([Samples.Domain(3, "web"), Samples.Domain(4, "db") with { Problem = "lies" }]);
        Task<DomainList> asking = ConsoleConnection.ListAsync(_server.Path, Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            Assert.Equal("LIST", await server.ReceiveLineAsync(Cancel));
            string answer = "OK\n" + JsonSerializer.Serialize(sent, OperatorJson.Default.DomainList) + "\n";
            foreach (char[] piece in answer.Chunk(17))
            {
                await server.SendAsync(new string(piece), Cancel);
            }
        }

        Assert.Equal(sent.Domains, (await asking).Domains);

        Task<DaemonStatus> status = ConsoleConnection.StatusAsync(_server.Path, Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            Assert.Equal("STATUS", await server.ReceiveLineAsync(Cancel));
            await server.SendAsync(
                "OK\n" + JsonSerializer.Serialize(Samples.Status, OperatorJson.Default.DaemonStatus), Cancel);
        }

        Assert.Equal(Samples.Status, await status);
    }

    [Fact]
    public async Task A_document_that_is_cut_off_is_an_error()
    {
        Task<DomainList> asking = ConsoleConnection.ListAsync(_server.Path, Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            await server.ReceiveLineAsync(Cancel);
            await server.SendAsync("OK\n{\"domains\":[{\"domid\":3,", Cancel);
        }

        await Assert.ThrowsAsync<XcsProtocolException>(() => asking);
    }

    [Fact]
    public async Task A_document_that_is_none_is_the_answer_of_something_else()
    {
        Task<DomainList> asking = ConsoleConnection.ListAsync(_server.Path, Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            await server.ReceiveLineAsync(Cancel);
            await server.SendAsync("OK\nnull", Cancel);
        }

        XcsProtocolException failure = await Assert.ThrowsAsync<XcsProtocolException>(() => asking);
        Assert.Contains("not the console socket", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_breaks_inside_a_document_is_a_disconnection()
    {
        Task<DomainList> asking = ConsoleConnection.ListAsync(_server.Path, Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            // Closed with the request unread: the kernel resets the connection behind what was sent.
            await server.SendAsync("OK\n{\"domains\":[", Cancel);
            await server.ReceiveBytesAsync(1, Cancel);
        }

        XcsDisconnectedException failure = await Assert.ThrowsAsync<XcsDisconnectedException>(() => asking);
        Assert.Contains("inside its answer", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("web\nLIST")]
    [InlineData("web\rLIST")]
    public async Task A_name_that_would_be_another_request_is_refused_before_it_is_sent(string name)
        => await Assert.ThrowsAsync<ArgumentException>(
            () => ConsoleConnection.AttachAsync(_server.Path, name, cancel: Cancel));

    [Fact]
    public async Task Where_no_daemon_is_the_message_says_what_to_look_at()
    {
        using PrivateDirectory directory = new("c");
        XcsUnavailableException missing = await Assert.ThrowsAsync<XcsUnavailableException>(
            () => ConsoleConnection.ListAsync(directory["none"], Cancel));
        Assert.Contains("is xcsd running? See: systemctl status xcsd", missing.Message, StringComparison.Ordinal);
        Assert.Equal(directory["none"], missing.Path);

        string stale = directory["stale"];
        using (Socket left = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(stale));
            XcsUnavailableException dead = await Assert.ThrowsAsync<XcsUnavailableException>(
                () => XcsSession.ConnectAsync(stale, cancel: Cancel));
            Assert.Contains("nobody listens", dead.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<XcsUnavailableException>(
            () => ConsoleConnection.ListAsync(directory[new string('x', 200)], Cancel));
    }

    [Fact]
    public async Task A_refusal_sent_before_the_request_was_read_is_still_heard()
    {
        // What a daemon with too many connections does: it answers and closes without reading.
        Task<DomainList> asking = ConsoleConnection.ListAsync(_server.Path, Cancel);
        using (ServerConnection server = await _server.AcceptAsync(Cancel))
        {
            await server.SendAsync(Encoding.ASCII.GetBytes("ERR too-many-connections close some\n"), Cancel);
        }

        OperatorRefusedException refusal = await Assert.ThrowsAsync<OperatorRefusedException>(() => asking);
        Assert.Equal(OperatorError.TooManyConnections, refusal.Code);
    }
}
