using static XcsSharp.Daemon.Tests.Conformance.Row;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>Section 2: the shared page, the rings, the signals.</summary>
internal static class RingRows
{
    public static IEnumerable<Row> All =>
    [
        Same("2", "tx: indexes at 2048 and 2052, slots from 2056 on; a response takes the slot of its request", Transmit_layout),
        Same("2", "rx: indexes at 2568 and 2572, slots from 2576 on", Receive_layout),
        Same("2", "indexes are free-running 32-bit numbers, and the slot is their low three bits", Indexes_wrap),
        Same("2", "a guest's length above 60 is 60 for the client", Length_of_guests),
        Differs("2", "a client's length above 60 is 60 for the guest too", "guests of the era clamp it themselves", Length_of_clients),
        Same("2", "all 64 bytes are copied, both ways, what is beyond the length included", All_bytes_are_copied),
        Same("2", "a client's REQUEST signals the guest, and so does its RESPONSE", Records_signal),
        Differs("2", "what moves no index signals nobody", "design 4: notify", Nothing_moved_nothing_signalled),
        Same("2", "one event: all requests, then all responses", Requests_before_responses),
        Same("2", "freed slots are not looked at before the guest's next event", No_rescan),
        Same("2", "responses are appended in the order in which they come", Answers_in_order_of_arrival),
        Differs("2", "a response that answers nothing is dropped, also while others are owed", "B17", Answers_are_matched),
        Differs("2", "a request that nobody is bound to is answered with length 0", "design 4: request nobody is bound to", Answered_for_nobody, "--Switching:UnboundGrace=0s"),
        Differs("2", "nine requests that nobody is bound to leave the guest's ring alive", "design 4: request nobody is bound to", Ring_stays_alive, "--Switching:UnboundGrace=0s"),
        Differs("2", "a request that nobody is bound to waits for a late subscriber", "design 4: request nobody is bound to", Late_subscriber),
        Differs("2", "requests that are pending at attach are taken", "B9", Pending_at_attach),
        Differs("2", "a request index that is impossible ends the channel and delivers nothing", "B13", bench => Lie(bench, RingGuest.TxRequests, 1000)),
        Differs("2", "a response index that is impossible ends the channel and delivers nothing", "B13", bench => Lie(bench, RingGuest.RxResponses, 100_000)),
        Same("2", "NEW_CC with local port 0 gives a port of dom0's, and the guest's is 1", Ports_are_given),
    ];

    private static async Task Transmit_layout(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        for (uint i = 0; i < 19; i++)
        {
            byte[] request = Wire.Message(3, (byte)i);
            guest.Ask(request);
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
            byte[] answer = Wire.AnswerTo(request);
            await client.RespondAsync(guest.Domid, answer);
            await guest.WaitForAsync(RingGuest.TxResponses, i + 1);
            Assert.Equal(answer, guest.Slot(RingGuest.TxSlots, i));
            Assert.Equal((i + 1, 0u, 0u), (guest[RingGuest.TxRequests], guest[RingGuest.RxRequests], guest[RingGuest.RxResponses]));
        }
    }

    private static async Task Receive_layout(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        for (uint i = 0; i < 19; i++)
        {
            byte[] request = Wire.Message(6, (byte)i);
            await client.RequestAsync(guest.Domid, request);
            Assert.Equal(request, await guest.RequestAsync(i + 1));
            Assert.Equal(request, guest.Slot(RingGuest.RxSlots, i));
            byte[] answer = Wire.AnswerTo(request, length: 0);
            guest.Answer(answer);
            await client.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, answer);
            Assert.Equal((0u, 0u, i + 1), (guest[RingGuest.TxRequests], guest[RingGuest.TxResponses], guest[RingGuest.RxResponses]));
        }
    }

    private static async Task Indexes_wrap(Bench bench)
    {
        const uint Start = 0xfffffffd;
        Client client = await bench.BoundClientAsync();
        RingGuest guest = await bench.GuestAsync();
        foreach (int index in (int[])[RingGuest.TxRequests, RingGuest.TxResponses, RingGuest.RxRequests, RingGuest.RxResponses])
        {
            guest[index] = Start;
        }

        int port = await client.OpenAsync(guest.Domid);
        for (uint i = 0; i < 6; i++)
        {
            byte[] request = Wire.Message(3, (byte)i);
            guest.Ask(request);
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
            await client.RespondAsync(guest.Domid, Wire.AnswerTo(request));
            Assert.Equal(Wire.AnswerTo(request), await guest.AnswerAsync(unchecked(Start + i + 1)));

            byte[] own = Wire.Message(6, (byte)i);
            await client.RequestAsync(guest.Domid, own);
            Assert.Equal(own, await guest.RequestAsync(unchecked(Start + i + 1)));
            guest.Answer(own);
            await client.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, own);
        }
    }

    private static async Task Length_of_guests(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        byte[] request = Wire.Message(3, 1, length: 200);
        guest.Ask(request);
        request[3] = 60;
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);

        await client.RequestAsync(guest.Domid, Wire.Message(6, 1));
        byte[] response = Wire.Message(6, 1, length: 61);
        await guest.RequestAsync(1);
        guest.Answer(response);
        response[3] = 60;
        await client.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, response);
    }

    private static async Task Length_of_clients(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.RequestAsync(guest.Domid, Wire.Message(6, 1, length: 200));
        Assert.Equal(60, (await guest.RequestAsync(1))[3]);
        guest.Ask(Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
        await client.RespondAsync(guest.Domid, Wire.Message(3, 1, length: 255));
        Assert.Equal(60, (await guest.AnswerAsync(1))[3]);
    }

    private static async Task All_bytes_are_copied(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        byte[] request = Wire.Message(3, 9, length: 0, subtype: 77);
        Assert.DoesNotContain<byte>(0, request[4..]);
        guest.Ask(request);
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
        byte[] answer = Wire.AnswerTo(request, length: 0);
        await client.RespondAsync(guest.Domid, answer);
        Assert.Equal(answer, await guest.AnswerAsync(1));
        byte[] own = Wire.Message(6, 9, length: 0, subtype: 78);
        await client.RequestAsync(guest.Domid, own);
        Assert.Equal(own, await guest.RequestAsync(1));
        guest.Answer(Wire.AnswerTo(own, length: 0));
        await client.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, Wire.AnswerTo(own, length: 0));
    }

    private static async Task Records_signal(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.RequestAsync(guest.Domid, Wire.Message(6, 1));
        await guest.WaitForSignalAsync();
        Assert.Equal(1u, guest[RingGuest.RxRequests]);
        guest.Ask(Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
        await client.RespondAsync(guest.Domid, Wire.Message(3, 1));
        await guest.WaitForSignalAsync();
        Assert.Equal(1u, guest[RingGuest.TxResponses]);
    }

    private static async Task Nothing_moved_nothing_signalled(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        await client.RespondAsync(guest.Domid, Wire.Message(3, 1));
        await bench.DataIsDoneAsync(client);
        await bench.ExpectNothingAsync(client);
        Assert.Equal(0u, guest[RingGuest.TxResponses]);
        Assert.False(guest.TakeSignal());
    }

    private static async Task Requests_before_responses(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.RequestAsync(guest.Domid, Wire.Message(6, 1));
        await client.RequestAsync(guest.Domid, Wire.Message(6, 2));
        await guest.RequestAsync(2);
        guest.PutAnswer(Wire.Message(6, 1));
        guest.Put(Wire.Message(3, 1));
        guest.PutAnswer(Wire.Message(6, 2));
        guest.Put(Wire.Message(3, 2));
        guest.Kick();
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 2));
        await client.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, Wire.Message(6, 1));
        await client.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, Wire.Message(6, 2));
    }

    private static async Task No_rescan(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        for (byte id = 0; id < 8; id++)
        {
            guest.Put(Wire.Message(3, id));
        }

        guest.Kick();
        for (byte id = 0; id < 8; id++)
        {
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, id));
        }

        for (byte id = 0; id < 3; id++)
        {
            await client.RespondAsync(guest.Domid, Wire.Message(3, id));
        }

        await guest.WaitForAsync(RingGuest.TxResponses, 3);
        for (byte id = 8; id < 11; id++)
        {
            guest.Put(Wire.Message(3, id));
        }

        await bench.ExpectNothingAsync(client);
        guest.Kick();
        for (byte id = 8; id < 11; id++)
        {
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, id));
        }
    }

    private static async Task Answers_in_order_of_arrival(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        for (byte id = 0; id < 3; id++)
        {
            guest.Ask(Wire.Message(3, id));
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, id));
        }

        uint responses = 0;
        foreach (byte id in (byte[])[2, 0, 1])
        {
            byte[] answer = Wire.AnswerTo(Wire.Message(3, id));
            await client.RespondAsync(guest.Domid, answer);
            Assert.Equal(answer, await guest.AnswerAsync(++responses));
        }
    }

    private static async Task Answers_are_matched(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        byte[] request = Wire.Message(3, 1);
        guest.Ask(request);
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, request);
        await client.RespondAsync(guest.Domid, Wire.Message(3, 2));
        await client.RespondAsync(guest.Domid, Wire.Message(4, 1));
        await client.RespondAsync(guest.Domid, Wire.Message(3, 1, subtype: 9));
        await client.RespondAsync(guest.Domid, Wire.AnswerTo(request));
        Assert.Equal(Wire.AnswerTo(request), await guest.AnswerAsync(1));
        await bench.DataIsDoneAsync(client);
        Assert.Equal(1u, guest[RingGuest.TxResponses]);
    }

    private static async Task Answered_for_nobody(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        guest.Ask(Wire.Message(8, 77, subtype: 5));
        byte[] answer = await guest.AnswerAsync(1);
        Assert.Equal([8, 5, 77, 0], answer[..4]);
    }

    private static async Task Ring_stays_alive(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        for (byte i = 1; i <= 9; i++)
        {
            guest.Ask(Wire.Message(8, i));
            Assert.Equal(i, (await guest.AnswerAsync(i))[2]);
        }
    }

    private static async Task Late_subscriber(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        guest.Ask(Wire.Message(3, 1));
        await bench.ExpectNothingAsync(client);
        Client late = await bench.ClientAsync();
        await late.BindAsync(port, 3);
        await late.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, 1));
        await late.RespondAsync(guest.Domid, Wire.Message(3, 1));
        Assert.Equal(Wire.Message(3, 1), await guest.AnswerAsync(1));
    }

    private static async Task Pending_at_attach(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        RingGuest guest = await bench.GuestAsync();
        guest.Put(Wire.Message(3, 1));
        guest.Put(Wire.Message(3, 2));
        int port = await client.OpenAsync(guest.Domid);
        guest.Ask(Wire.Message(3, 3));
        for (byte id = 1; id <= 3; id++)
        {
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(3, id));
            await client.RespondAsync(guest.Domid, Wire.AnswerTo(Wire.Message(3, id)));
            Assert.Equal(Wire.AnswerTo(Wire.Message(3, id)), await guest.AnswerAsync(id));
        }
    }

    private static async Task Lie(Bench bench, int index, uint value)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, _) = await bench.OpenGuestAsync(client);
        guest[index] = value;
        guest.Kick();
        await bench.WaitForAsync(
            list => list.Domains.Any(domain => domain.Name == guest.Name && domain.State == "quarantined"),
            $"{guest.Name} to be put aside");
        await bench.ExpectNothingAsync(client);

        (RingGuest other, int port) = await bench.OpenGuestAsync(client);
        other.Ask(Wire.Message(3, 1));
        await client.Data.ExpectPushAsync(Wire.Request, other.Domid, port, Wire.Message(3, 1));
    }

    private static async Task Ports_are_given(Bench bench)
    {
        Client client = await bench.ClientAsync();
        RingGuest guest = await bench.GuestAsync();
        byte[] ask = Wire.Open(guest.Domid, 0, 1);
        byte[] reply = await client.Control.AskAsync(ask);
        Assert.Equal(ask.Replied(Wire.Ok).Put(12, reply.U32(12)), reply);
        Assert.InRange(reply.I32(12), 1, 1023);
    }
}
