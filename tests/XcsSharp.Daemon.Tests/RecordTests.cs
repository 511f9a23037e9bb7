using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The record stream of the xcs socket: pieces, nonsense, and sessions.</summary>
public sealed class RecordTests
{
    [Fact]
    public async Task B12_Records_split_at_any_byte_are_put_together_again()
    {
        await using Lab lab = await Lab.StartAsync();
        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        for (int split = 1; split < ProtocolLimits.RecordSize; split++)
        {
            // Bound and unbound in turn, so that the answers tell the two records apart.
            XcsRecord record = new()
            {
                Type = split % 2 == 0 ? RecordType.Bind : RecordType.Unbind,
                BindPort = split,
                BindType = 11,
            };
            byte[] bytes = XcsRecord.Bytes(in record).ToArray();
            await subscriber.Control.SendBytesAsync(bytes.AsMemory(0, split), Lab.Cancel);

            // Another connection's whole exchange in between: the daemon has read the first piece by then.
            using RecordSocket other = await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
            await other.AskAsync(new XcsRecord { Type = RecordType.ConnectControl }, Lab.Cancel);

            await subscriber.Control.SendBytesAsync(bytes.AsMemory(split), Lab.Cancel);
            XcsRecord reply = await subscriber.Control.ReceiveAsync(Lab.Cancel);
            Assert.Equal((record.Type, RecordResult.Ok, split), (reply.Type, reply.Result, reply.BindPort));
        }
    }

    [Fact]
    public async Task Many_records_in_one_piece_are_answered_in_order()
    {
        await using Lab lab = await Lab.StartAsync();
        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        const int Count = 500;
        MemoryStream all = new();
        for (int i = 0; i < Count; i++)
        {
            XcsRecord bind = new() { Type = RecordType.Bind, BindPort = i, BindType = 3 };
            all.Write(XcsRecord.Bytes(in bind));
        }

        Task sending = subscriber.Control.SendBytesAsync(all.ToArray(), Lab.Cancel);
        for (int i = 0; i < Count; i++)
        {
            XcsRecord reply = await subscriber.Control.ReceiveAsync(Lab.Cancel);
            Assert.Equal((RecordType.Bind, RecordResult.Ok, i), (reply.Type, reply.Result, reply.BindPort));
        }

        await sending;
    }

    [Theory]
    [InlineData(12u)]
    [InlineData(99u)]
    [InlineData(0xffffffffu)]
    public async Task A_record_of_unknown_type_is_echoed_and_changes_nothing(uint type)
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        await subscriber.BindAsync(Lab.Cancel);
        byte[] strange = Lab.Seeded("record").Take(0, ProtocolLimits.RecordSize);
        BitConverter.TryWriteBytes(strange, type);

        await subscriber.Control.SendBytesAsync(strange, Lab.Cancel);
        XcsRecord echo = await subscriber.Control.ReceiveAsync(Lab.Cancel);

        Assert.Equal(strange, XcsRecord.Bytes(in echo).ToArray());
        await guest.WriteAsync("still served\n", Lab.Cancel);
        XcsRecord request = await subscriber.ReceiveAsync(RecordType.Request, Lab.Cancel);
        Assert.Equal("still served\n"u8.ToArray(), request.Message.Data.ToArray());
    }

    [Fact]
    public async Task B04_The_wrong_first_record_is_echoed_and_only_that_connection_ends()
    {
        await using Lab lab = await Lab.StartAsync();
        using RecordSubscriber good = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        using RecordSocket bad = await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        XcsRecord bind = new() { Type = RecordType.Bind, Result = (RecordResult)77, BindPort = 5 };

        XcsRecord echo = await bad.AskAsync(bind, Lab.Cancel);

        Assert.Equal(XcsRecord.Bytes(in bind).ToArray(), XcsRecord.Bytes(in echo).ToArray());
        await bad.WaitForEndAsync(Lab.Cancel);
        await good.BindAsync(Lab.Cancel);
    }

    [Fact]
    public async Task An_unknown_session_is_refused()
    {
        await using Lab lab = await Lab.StartAsync();
        using RecordSocket data = await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        XcsRecord reply = await data.AskAsync(
            new XcsRecord { Type = RecordType.ConnectData, SessionId = 123456 }, Lab.Cancel);
        Assert.Equal(RecordResult.BadSession, reply.Result);
    }

    [Fact]
    public async Task A_session_whose_connections_both_fell_is_taken_up_again_with_its_bindings()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        ulong session;
        using (RecordSubscriber first = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel))
        {
            session = first.Session;
            await first.BindAsync(Lab.Cancel);
        }

        using RecordSocket control = await ReattachAsync(lab, RecordType.ConnectControl, session);
        using RecordSocket data = await ReattachAsync(lab, RecordType.ConnectData, session);

        await guest.WriteAsync("hello again\n", Lab.Cancel);
        XcsRecord request = await data.ReceiveAsync(Lab.Cancel);
        Assert.Equal("hello again\n"u8.ToArray(), request.Message.Data.ToArray());
    }

    private static async Task<RecordSocket> ReattachAsync(Lab lab, RecordType type, ulong session)
    {
        while (true)
        {
            RecordSocket socket = await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
            XcsRecord reply = await socket.AskAsync(new XcsRecord { Type = type, SessionId = session }, Lab.Cancel);
            if (reply.Result == RecordResult.Ok)
            {
                Assert.Equal(session, reply.SessionId);
                return socket;
            }

            // The daemon may see the new connection before the end of the old one; then this is the right answer.
            Assert.Equal(RecordResult.ConnectionInUse, reply.Result);
            socket.Dispose();
        }
    }
}
