using static XcsSharp.Daemon.Tests.Conformance.Row;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>
/// What the original's header had and its daemon did not do: the write lock, type 6 (section 1), which here does what its
/// name says; and dom 0's channel (section 3), which no machine of today announces.
/// </summary>
internal static class ReservedRows
{
    private const string Reason = "design 4: the write lock";
    private const byte Type = 3;
    private const uint Take = 0;
    private const uint Release = 1;

    public static IEnumerable<Row> All =>
    [
        Differs("1", "WRITELOCK is taken, taken again and released: 0, and only the result is not echoed", Reason, Taken_and_released),
        Differs("1", "WRITELOCK that another client has: 1, until that client releases it", Reason, One_holder),
        Differs("1", "WRITELOCK ends with its client", Reason, Ends_with_its_client, "--Switching:SessionWindow=1s"),
        Differs("1", "WRITELOCK released by who has none: 0, and whoever has it keeps it", Reason, Released_by_another),
        Differs("1", "WRITELOCK of a port that no channel has: 1", Reason, No_channel),
        Differs("1", "WRITELOCK of a console's messages, which the daemon answers: 1", Reason, Of_the_console),
        Differs("1", "WRITELOCK with wildcards, other numbers of a port or type, or another action: 6", Reason, Malformed),
        Differs("1", "WRITELOCK: of the answers only its holder's reaches the guest", Reason, Answers),
        Differs("1", "WRITELOCK: of the requests of its type only its holder's reach the guest", Reason, Requests),
        Same("1", "WRITELOCK on a data connection is ignored", On_data),
        Same("3", "NEW_CC and FREE_CC of dom 0 without a channel of its own: 1 and 0", Dom0),
    ];

    private static byte[] Lock(int port, ushort type, uint action)
        => Wire.Record(Wire.WriteLock).Put(8, (uint)port).Put16(12, type).Put(16, action);

    private static async Task Taken_and_released(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(client);
        await client.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
        await client.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
        await client.Control.ExpectAsync(Lock(port, Type, Release), Wire.Ok);
        await (await bench.ClientAsync()).Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
    }

    private static async Task One_holder(Bench bench)
    {
        Client holder = await bench.ClientAsync();
        Client other = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(holder);
        await holder.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
        await other.Control.ExpectAsync(Lock(port, Type, Take), Wire.Failed);
        await other.Control.ExpectAsync(Lock(port, Type + 1, Take), Wire.Ok);
        await holder.Control.ExpectAsync(Lock(port, Type, Release), Wire.Ok);
        await other.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
    }

    private static async Task Ends_with_its_client(Bench bench)
    {
        Client opener = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(opener);
        Client holder = await bench.ClientAsync();
        await holder.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
        await opener.Control.ExpectAsync(Lock(port, Type, Take), Wire.Failed);
        holder.Dispose();
        await bench.WaitForSessionsAsync(1);
        await opener.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
    }

    private static async Task Released_by_another(Bench bench)
    {
        Client holder = await bench.ClientAsync();
        Client other = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(holder);
        await holder.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
        await other.Control.ExpectAsync(Lock(port, Type, Release), Wire.Ok);
        await other.Control.ExpectAsync(Lock(port, Type, Take), Wire.Failed);
    }

    private static async Task No_channel(Bench bench)
    {
        Client client = await bench.ClientAsync();
        await client.Control.ExpectAsync(Lock(1, Type, Take), Wire.Failed);
        await client.Control.ExpectAsync(Lock(131_071, Type, Take), Wire.Failed);
    }

    private static async Task Of_the_console(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(client);
        await client.Control.ExpectAsync(Lock(port, 0, Take), Wire.Failed);
    }

    private static async Task Malformed(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(client);
        foreach (byte[] record in (byte[][])
            [
                Lock(Wire.AnyPort, Type, Take), Lock(-1, Type, Take), Lock(131_072, Type, Take),
                Lock(port, Wire.AnyType, Take), Lock(port, Wire.TypeVirq, Take), Lock(port, 256, Take),
                Lock(port, Type, 2), Lock(port, Type, 0xffffffff),
            ])
        {
            await client.Control.ExpectAsync(record, Wire.BadRequest);
        }

        await (await bench.ClientAsync()).Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
    }

    private static async Task Answers(Bench bench)
    {
        Client holder = await bench.BoundClientAsync();
        Client other = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(holder);
        await holder.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
        byte[] request = Wire.Message(Type, 1);
        guest.Ask(request);
        await holder.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
        await other.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
        await other.RespondAsync(guest.Domid, Wire.AnswerTo(request, length: 11));
        await bench.DataIsDoneAsync(other);
        Assert.Equal(0u, guest[RingGuest.TxResponses]);
        await holder.RespondAsync(guest.Domid, Wire.AnswerTo(request, length: 12));
        Assert.Equal(12, (await guest.AnswerAsync(1))[3]);
    }

    private static async Task Requests(Bench bench)
    {
        Client holder = await bench.ClientAsync();
        Client other = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(holder);
        await holder.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
        ulong before = (await bench.Lab.StatusAsync()).RequestsLockedOut;
        await other.RequestAsync(guest.Domid, Wire.Message(Type, 1));
        await other.RequestAsync(guest.Domid, Wire.Message(Type + 1, 2));
        Assert.Equal(Wire.Message(Type + 1, 2), await guest.RequestAsync(1));
        Assert.Equal(before + 1, (await bench.Lab.StatusAsync()).RequestsLockedOut);
        await holder.RequestAsync(guest.Domid, Wire.Message(Type, 3));
        Assert.Equal(Wire.Message(Type, 3), await guest.RequestAsync(2));
    }

    private static async Task On_data(Bench bench)
    {
        Client client = await bench.ClientAsync();
        Client other = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(client);
        await client.Data.SendAsync(Lock(port, Type, Take));
        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
        await other.Control.ExpectAsync(Lock(port, Type, Take), Wire.Ok);
    }

    private static async Task Dom0(Bench bench)
    {
        Client client = await bench.ClientAsync();
        await client.Control.ExpectAsync(Wire.Open(0), Wire.Failed);
        await client.Control.ExpectAsync(Wire.Open(0, remote: 0), Wire.Failed);
        await client.Control.ExpectAsync(Wire.Close(0), Wire.Ok);
        Assert.DoesNotContain((await bench.Lab.ListAsync()).Domains, static domain => domain.Domid == 0);
    }
}
