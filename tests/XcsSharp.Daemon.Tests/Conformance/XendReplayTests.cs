namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>
/// xend with many domains, as its xu.c does it (spec section 6): records from the stack with only the needed fields filled, a
/// blocking control connection, one answer to each request, and everything opened anew with the saved ports when xcs was restarted.
/// </summary>
public sealed class XendReplayTests
{
    private const int Domains = 200;
    private const byte BlockFrontEnd = 2;
    private const byte NetFrontEnd = 4;
    private const byte Shutdown = 6;
    private const ushort DomainException = 3; // VIRQ_DOM_EXC

    [Fact]
    public async Task Xend_serves_200_domains_and_finds_all_of_them_again_after_a_restart()
    {
        await using Lab lab = await Lab.StartAsync("--Switching:UnboundGrace=10m", "--Switching:ResponseTimeout=1h");
        List<RingGuest> guests = [.. await Task.WhenAll(
            Enumerable.Range(0, Domains).Select(i => RingGuest.CreateAsync(lab.Machine, $"vm{i}")))];
        try
        {
            Dictionary<uint, int> ports = guests.ToDictionary(guest => guest.Domid, _ => 0);
            uint session;
            using (Client xend = await ConnectAsync(lab, guests, ports))
            {
                session = xend.Session;
                await TalkAsync(xend, guests, ports, round: 0);
                await TalkAsync(xend, guests, ports, round: 1);

                // xcs dies while each guest has asked and not been answered.
                foreach (RingGuest guest in guests)
                {
                    guest.Ask(Wire.Message(NetFrontEnd, 99));
                }

                await lab.Daemon.Kill9Async(Lab.Cancel);
                foreach (RingGuest guest in guests)
                {
                    guest.Put(Wire.Message(NetFrontEnd, 100));
                }
            }

            await lab.RestartAsync();

            // xend has its old session's id still; it is unknown now, and then it starts over with its saved ports.
            using (Connection control = await Connection.OpenAsync(lab))
            {
                await control.ExpectAsync(Wire.ConnectControl(session), Wire.BadSession);
            }

            using Client again = await ConnectAsync(lab, guests, ports);
            await AnswerPendingAsync(again, guests, ports);
            await TalkAsync(again, guests, ports, round: 2);
            await CloseAsync(lab, again, guests, ports);
        }
        finally
        {
            foreach (RingGuest guest in guests)
            {
                await guest.DisposeAsync();
            }
        }
    }

    /// <summary>xcs_connect, then the virtual interrupt, then each channel with the ports that are known, and its binding.</summary>
    private static async Task<Client> ConnectAsync(Lab lab, List<RingGuest> guests, Dictionary<uint, int> ports)
    {
        Client xend = await Client.ConnectAsync(lab);
        int virq = await xend.BindVirqAsync(DomainException);
        foreach (RingGuest guest in guests)
        {
            ports[guest.Domid] = await xend.OpenAsync(guest.Domid, ports[guest.Domid], 1);
            await xend.BindAsync(ports[guest.Domid]);
        }

        // virq_send: on the control connection, where it only needs some reply.
        byte[] send = Wire.Record(Wire.Virq).Put(12, (uint)virq);
        await xend.Control.ExpectAsync(send, send);
        return xend;
    }

    /// <summary>Each guest asks eight times and each is asked once; every request gets one response, the request itself.</summary>
    private static async Task TalkAsync(Client xend, List<RingGuest> guests, Dictionary<uint, int> ports, int round)
    {
        foreach (RingGuest guest in guests)
        {
            for (byte id = 0; id < 8; id++)
            {
                guest.Put(Wire.Message(BlockFrontEnd, id, length: (byte)round));
            }

            guest.Kick();
        }

        await AnswerAsync(xend, guests, ports, 8, (_, turn) => Wire.Message(BlockFrontEnd, (byte)turn, length: (byte)round));
        foreach (RingGuest guest in guests)
        {
            uint answered = guest[RingGuest.TxRequests];
            await guest.WaitForAsync(RingGuest.TxResponses, answered);
            for (byte id = 0; id < 8; id++)
            {
                Assert.Equal(Wire.Message(BlockFrontEnd, id, length: (byte)round), guest.Slot(RingGuest.TxSlots, answered - 8 + id));
            }
        }

        // Its own: the id is a byte of a counter.
        foreach (RingGuest guest in guests)
        {
            await xend.RequestAsync(guest.Domid, Wire.Message(Shutdown, (byte)round));
        }

        foreach (RingGuest guest in guests)
        {
            uint asked = guest[RingGuest.RxResponses] + 1;
            Assert.Equal(Wire.Message(Shutdown, (byte)round), await guest.RequestAsync(asked));
            guest.Answer(Wire.Message(Shutdown, (byte)round, length: 0));
        }

        HashSet<uint> responded = [];
        for (int i = 0; i < guests.Count; i++)
        {
            byte[] response = await xend.Data.ReceiveAsync();
            Assert.Equal((Wire.Response, ports[response.U32(8)]), (response.U32(0), response.I32(12)));
            Assert.Equal(Wire.Message(Shutdown, (byte)round, length: 0), response.MessageOf());
            Assert.True(responded.Add(response.U32(8)));
        }
    }

    /// <summary>Nothing that a guest asked before, or while nobody served, is lost: both come, in order.</summary>
    private static async Task AnswerPendingAsync(Client xend, List<RingGuest> guests, Dictionary<uint, int> ports)
    {
        await AnswerAsync(xend, guests, ports, 2, (_, turn) => Wire.Message(NetFrontEnd, (byte)(99 + turn)));
        foreach (RingGuest guest in guests)
        {
            await guest.WaitForAsync(RingGuest.TxResponses, guest[RingGuest.TxRequests]);
        }
    }

    private static async Task AnswerAsync(
        Client xend, List<RingGuest> guests, Dictionary<uint, int> ports, int each, Func<uint, int, byte[]> expected)
    {
        Dictionary<uint, int> turns = guests.ToDictionary(guest => guest.Domid, _ => 0);
        for (int i = 0; i < guests.Count * each; i++)
        {
            byte[] request = await xend.Data.ReceiveAsync();
            uint domid = request.U32(8);
            Assert.Equal((Wire.Request, ports[domid]), (request.U32(0), request.I32(12)));
            Assert.Equal(expected(domid, turns[domid]++), request.MessageOf());

            // The record that came is the record that goes: only its type is another.
            await xend.Data.SendAsync(request.Put(0, Wire.Response));
        }

        Assert.All(turns.Values, turn => Assert.Equal(each, turn));
    }

    /// <summary>close: FREE_CC with the channel's ports, without an UNBIND.</summary>
    private static async Task CloseAsync(Lab lab, Client xend, List<RingGuest> guests, Dictionary<uint, int> ports)
    {
        foreach (RingGuest guest in guests)
        {
            await xend.Control.ExpectAsync(Wire.Close(guest.Domid, ports[guest.Domid], 1), Wire.Ok);
        }

        Protocol.Operator.DaemonStatus status = await lab.StatusAsync();
        Assert.Equal((0, 0UL, 0UL), (status.Channels, status.AnsweredByDaemon, status.AnswersDropped));
        Assert.Equal(TimeSpan.Zero, TimeSpan.FromMilliseconds(status.ThrottledMs));
    }
}
