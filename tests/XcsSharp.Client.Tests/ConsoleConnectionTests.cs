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
