using static XcsSharp.Daemon.Tests.Conformance.Row;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>Section 3: NEW_CC and FREE_CC, and what goes to guests on the data connection.</summary>
internal static class ChannelRows
{
    public static IEnumerable<Row> All =>
    [
        Same("3", "NEW_CC of a domain that does not exist: 1, ports echoed", Absent),
        Same("3", "NEW_CC of an open channel: OK, its own ports whatever was asked", Open_already),
        Same("3", "NEW_CC with another domain's local port: 1, ports echoed", Port_of_another),
        Same("3", "NEW_CC with a virtual interrupt's port: 1, ports echoed", Port_of_virq),
        .. InvalidPorts(),
        Differs("3", "NEW_CC with local port 1024: 1, for no domain has it", "ports go to 2^17 today", High_port),
        Same("3", "NEW_CC of domain 0x10001: 1", bench => Absent(bench, 0x10001)),
        Differs("3", "NEW_CC that fails takes no port from dom0", "B8", Failure_takes_nothing),
        Same("3", "NEW_CC is counted: so many FREE_CC close the channel, and the ports in them are only validated", Counted),
        Same("3", "FREE_CC of what is not open, or does not exist: 0", Free_nothing),
        Differs("3", "FREE_CC opens nothing", "B20", Free_opens_nothing),
        Differs("3", "FREE_CC takes only the client's own references", "B19", Own_references),
        Differs("3", "references end with their session", "B19", References_end, "--Switching:SessionWindow=0s"),
        Same("3", "after the last FREE_CC the guest is served no more", Freed_is_not_served),
        Differs("3", "NEW_CC with a local port that is free: OK, with a port of Xen's choosing", "Xen's device takes no wish", Wished_port),
        Same("3", "NEW_CC with the ports of before opens the channel again", Restored),
        Differs("3", "a domain with the id of a dead one gets a channel of its own", "B20", New_life),
        Same("3", "data: the target is found by remote_dom, local_port is not looked at", Target_is_the_domain),
        Same("3", "data: a message for a domain that does not exist or has no channel is ignored", For_nobody),
        Differs("3", "data: domains above 1024 are served in both directions", "B15", High_domain),
        Same("3", "data: a RESPONSE to nothing is ignored", Response_to_nothing),
        Differs("3", "data: requests for a full ring wait and are all delivered in order", "B14", Full_ring),
        Differs("3", "data: one client cannot consume the slot of another's answer", "B17", Second_responder),
        Same("3", "data: VIRQ for a virtual interrupt's port, any other port and the wildcard: nothing comes of it", Virq_on_data),
        Same("3", "data: records of other types are ignored", Other_types),
        Same("3", "both clients of one channel get the responses to either's requests", Responses_to_all),
    ];

    private static IEnumerable<Row> InvalidPorts()
    {
        foreach ((int local, int remote) in new[] { (-1, 1), (0, -1), (131_072, 1), (0, 131_072), (int.MinValue, 0) })
        {
            yield return Same("3", $"NEW_CC and FREE_CC with ports ({local}, {remote}): 6", bench => Invalid(bench, local, remote));
        }

        foreach ((int local, int remote) in new[] { (Wire.AnyPort, 1), (0, Wire.AnyPort) })
        {
            yield return Differs("3", $"NEW_CC and FREE_CC with ports ({local}, {remote}): 6", "B2", bench => Invalid(bench, local, remote));
        }
    }

    private static Task Absent(Bench bench) => Absent(bench, 4000);

    private static async Task Absent(Bench bench, uint domid)
        => await (await bench.ClientAsync()).Control.ExpectAsync(Wire.Open(domid, 5, 1), Wire.Failed);

    private static async Task Open_already(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        Client other = await bench.ClientAsync();
        Assert.Equal(port, await other.OpenAsync(guest.Domid, 700, 7));
        Assert.Equal(port, await other.OpenAsync(guest.Domid, port, 1));
    }

    private static async Task Port_of_another(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (_, int port) = await bench.OpenGuestAsync(client);
        RingGuest other = await bench.GuestAsync();
        await client.Control.ExpectAsync(Wire.Open(other.Domid, port, 1), Wire.Failed);
    }

    private static async Task Port_of_virq(Bench bench)
    {
        Client client = await bench.ClientAsync();
        int port = await client.BindVirqAsync(13);
        RingGuest guest = await bench.GuestAsync();
        await client.Control.ExpectAsync(Wire.Open(guest.Domid, port, 1), Wire.Failed);
    }

    private static async Task Invalid(Bench bench, int local, int remote)
    {
        Client client = await bench.ClientAsync();
        (RingGuest open, _) = await bench.OpenGuestAsync(client);
        RingGuest closed = await bench.GuestAsync();
        foreach (uint domid in (uint[])[open.Domid, closed.Domid, 4000])
        {
            await client.Control.ExpectAsync(Wire.Open(domid, local, remote), Wire.BadRequest);
            await client.Control.ExpectAsync(Wire.Close(domid, local, remote), Wire.BadRequest);
        }
    }

    private static async Task High_port(Bench bench)
        => await (await bench.ClientAsync()).Control.ExpectAsync(Wire.Open(4000, 1024, 1024), Wire.Failed);

    private static async Task Failure_takes_nothing(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        int virq = await client.BindVirqAsync(14);
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.Control.ExpectAsync(Wire.Open(4000, virq, 1), Wire.Failed);
        await client.Control.ExpectAsync(Wire.Open(4000, port, 1), Wire.Failed);
        await bench.Lab.Machine.CommandAsync(Lab.Cancel, "virq", "14");
        await client.Data.ExpectVirqAsync(virq);
        guest.Ask(Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
    }

    private static async Task Counted(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.OpenAsync(guest.Domid);
        await client.Control.ExpectAsync(Wire.Close(guest.Domid, 777, 77), Wire.Ok);
        Assert.Equal(port, await OpenPortAsync(bench, guest));
        await client.Control.ExpectAsync(Wire.Close(guest.Domid, 0, 0), Wire.Ok);
        Assert.Null(await OpenPortAsync(bench, guest));
    }

    private static async Task Free_nothing(Bench bench)
    {
        Client client = await bench.ClientAsync();
        RingGuest guest = await bench.GuestAsync();
        await client.Control.ExpectAsync(Wire.Close(guest.Domid), Wire.Ok);
        await client.Control.ExpectAsync(Wire.Close(4000), Wire.Ok);
    }

    private static async Task Free_opens_nothing(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        RingGuest guest = await bench.GuestAsync();
        guest.Put(Wire.Message(3, 1));
        await client.Control.ExpectAsync(Wire.Close(guest.Domid), Wire.Ok);
        await bench.ExpectNothingAsync(client);
        Assert.Null(await OpenPortAsync(bench, guest));
    }

    private static async Task Own_references(Bench bench)
    {
        Client owner = await bench.ClientAsync();
        Client other = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(owner);
        for (int i = 0; i < 3; i++)
        {
            await other.Control.ExpectAsync(Wire.Close(guest.Domid), Wire.Ok);
        }

        Assert.Equal(port, await OpenPortAsync(bench, guest));
    }

    private static async Task References_end(Bench bench)
    {
        RingGuest guest = await bench.GuestAsync();
        for (int i = 0; i < 3; i++)
        {
            Client client = await bench.ClientAsync();
            await client.OpenAsync(guest.Domid);
            client.Dispose();
        }

        await bench.WaitForAsync(
            list => list.Domains.Any(domain => domain.Name == guest.Name && domain.LocalPort is null), "the channel to be closed");
    }

    private static async Task Freed_is_not_served(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.Control.ExpectAsync(Wire.Close(guest.Domid, port, 1), Wire.Ok);
        guest.Put(Wire.Message(3, 1));
        await client.RequestAsync(guest.Domid, Wire.Message(6, 1));
        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
        Assert.Equal(0u, guest[RingGuest.RxRequests]);
    }

    private static async Task Restored(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        for (uint i = 1; i <= 3; i++)
        {
            await client.Control.ExpectAsync(Wire.Close(guest.Domid, port, 1), Wire.Ok);
            port = await client.OpenAsync(guest.Domid, port, 1);
            guest.Ask(Wire.Message(3, (byte)i));
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, (byte)i));
            await client.RespondAsync(guest.Domid, Wire.Message(3, (byte)i));
            await guest.AnswerAsync(i);
        }
    }

    private static async Task Wished_port(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        RingGuest guest = await bench.GuestAsync();
        int port = await client.OpenAsync(guest.Domid, 900, 1);
        guest.Ask(Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
    }

    private static async Task New_life(Bench bench)
    {
        const uint Domid = 3000;
        Client client = await bench.BoundClientAsync();
        (RingGuest dead, int old) = await bench.OpenGuestAsync(client, Domid);
        dead.Ask(Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, Domid, old, Wire.Message(3, 1));
        await bench.DestroyAsync(dead);

        RingGuest guest = await bench.GuestAsync(Domid);
        int port = await client.OpenAsync(Domid);
        guest.Ask(Wire.Message(3, 2));
        await client.Data.ExpectPushAsync(Wire.Request, Domid, port, Wire.Message(3, 2));
        await client.RespondAsync(Domid, Wire.Message(3, 1)); // of the dead one
        await client.RespondAsync(Domid, Wire.Message(3, 2));
        Assert.Equal(Wire.Message(3, 2), await guest.AnswerAsync(1));
    }

    private static async Task Target_is_the_domain(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest first, int one) = await bench.OpenGuestAsync(client);
        (RingGuest second, _) = await bench.OpenGuestAsync(client);
        byte[] message = Wire.Message(6, 1);
        await client.Data.SendAsync(Wire.ToGuest(Wire.Request, second.Domid, message).Put(12, (uint)one));
        Assert.Equal(message, await second.RequestAsync(1));
        Assert.Equal(0u, first[RingGuest.RxRequests]);
    }

    private static async Task For_nobody(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        RingGuest closed = await bench.GuestAsync();
        foreach (uint domid in (uint[])[4000, closed.Domid, 1024, 0x10001, 0xffffffff])
        {
            await client.RequestAsync(domid, Wire.Message(6, 1));
            await client.RespondAsync(domid, Wire.Message(6, 1));
        }

        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
        Assert.Equal((0u, 0u), (closed[RingGuest.RxRequests], closed[RingGuest.TxResponses]));
    }

    private static async Task High_domain(Bench bench)
    {
        foreach (uint domid in (uint[])[1025, 30_000])
        {
            Client client = await bench.ClientAsync();
            (RingGuest guest, int port) = await bench.OpenGuestAsync(client, domid);
            await client.BindAsync(port);
            guest.Ask(Wire.Message(3, 1));
            await client.Data.ExpectPushAsync(Wire.Request, domid, port, Wire.Message(3, 1));
            await client.RespondAsync(domid, Wire.Message(3, 1));
            Assert.Equal(Wire.Message(3, 1), await guest.AnswerAsync(1));
            await client.RequestAsync(domid, Wire.Message(6, 1));
            Assert.Equal(Wire.Message(6, 1), await guest.RequestAsync(1));
        }
    }

    private static async Task Response_to_nothing(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        await client.RespondAsync(guest.Domid, Wire.Message(3, 1));
        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
        Assert.Equal(0u, guest[RingGuest.TxResponses]);
    }

    private static async Task Full_ring(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        for (byte id = 0; id < 12; id++)
        {
            await client.RequestAsync(guest.Domid, Wire.Message(6, id));
        }

        await bench.DataIsDoneAsync(client);
        Assert.Equal(8u, guest[RingGuest.RxRequests]);
        for (uint i = 0; i < 12; i++)
        {
            await guest.WaitForAsync(RingGuest.RxRequests, Math.Min(12, 8 + i));
            Assert.Equal(Wire.Message(6, (byte)i), guest.Slot(RingGuest.RxSlots, i));
            guest.Answer(Wire.Message(6, (byte)i));
        }
    }

    private static async Task Second_responder(Bench bench)
    {
        Client first = await bench.BoundClientAsync();
        Client second = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(first);
        byte[][] requests = [Wire.Message(3, 255, length: 1), Wire.Message(3, 255, length: 2)];
        foreach (byte[] request in requests)
        {
            guest.Ask(request);
            await first.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
            await second.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
        }

        // Both answer the first; the second one's copy must not become the answer to the other request.
        await first.RespondAsync(guest.Domid, Wire.AnswerTo(requests[0], length: 11));
        await guest.AnswerAsync(1);
        await second.RespondAsync(guest.Domid, Wire.AnswerTo(requests[0], length: 21));
        await bench.DataIsDoneAsync(second);
        Assert.Equal(1u, guest[RingGuest.TxResponses]);
        await second.RespondAsync(guest.Domid, Wire.AnswerTo(requests[1], length: 22));
        Assert.Equal(22, (await guest.AnswerAsync(2))[3]);
    }

    private static async Task Virq_on_data(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        int virq = await client.BindVirqAsync(15);
        foreach (int target in (int[])[virq, port, 99, -1, 60_000, Wire.AnyPort])
        {
            await client.Data.SendAsync(Wire.Record(Wire.Virq).Put(12, (uint)target));
        }

        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
        Assert.False(guest.TakeSignal());
    }

    private static async Task Other_types(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        foreach (uint type in (uint[])[0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 0xffffffff])
        {
            await client.Data.SendAsync(Wire.ToGuest(type, guest.Domid, Wire.Message(6, 1)));
        }

        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
        Assert.Equal((0u, 0u), (guest[RingGuest.RxRequests], guest[RingGuest.TxResponses]));
    }

    private static async Task Responses_to_all(Bench bench)
    {
        Client first = await bench.BoundClientAsync();
        Client second = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(first);
        await first.RequestAsync(guest.Domid, Wire.Message(6, 1));
        await guest.RequestAsync(1);
        guest.Answer(Wire.Message(6, 1));
        await first.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, Wire.Message(6, 1));
        await second.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, Wire.Message(6, 1));
    }

    private static async Task<int?> OpenPortAsync(Bench bench, RingGuest guest)
        => (await bench.Lab.ListAsync()).Domains.Single(domain => domain.Name == guest.Name).LocalPort;
}
