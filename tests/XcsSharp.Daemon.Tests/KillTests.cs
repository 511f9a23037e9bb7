using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>kill -9 of whoever takes part: nothing hangs, and no request that was not answered is lost.</summary>
public sealed class KillTests
{
    private const ushort BlockBackEnd = (ushort)MessageType.BlockBackEnd;

    [Fact]
    public async Task A_killed_guest_is_gone_from_the_list_and_its_neighbour_goes_on()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram victim, uint domid) = await lab.ConsoleGuestAsync("victim");
        (GuestProgram neighbour, uint _) = await lab.ConsoleGuestAsync("neighbour", classic: true);
        Transcript seen = new("viewer of the neighbour");
        ConsoleSocket watching = await lab.AttachAsync("victim", static _ => { });
        await lab.AttachAsync("neighbour", seen.Append);

        await victim.Kill9Async(Lab.Cancel);
        await WaitUntilAsync(lab, list => list.Domains.All(domain => domain.Domid != domid), "the victim to be gone");

        await watching.Ended.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await neighbour.WriteAsync("I live\n", Lab.Cancel);
        await seen.WaitForTextAsync("I live\n", Lab.Cancel);
        Assert.False(File.Exists(lab.PtyOf("victim")), "the link to its terminal is still there");
    }

    [Fact]
    public async Task B20_A_guest_that_comes_under_a_used_domid_sees_and_shows_nothing_of_the_one_before()
    {
        await using Lab lab = await Lab.StartAsync();
        const uint Domid = 7;
        GuestOptions options = new("web", Domid);
        await using (GuestProgram first = GuestProgram.StartConsole(lab.Machine, options))
        {
            DomainEntry entry = await lab.ConnectedAsync("web");
            Assert.Equal((Domid, 1UL), (entry.Domid, entry.Generation));
            Transcript seen = new("viewer of the first");
            await lab.AttachAsync("web", seen.Append);
            await first.WriteAsync("secret of the first\n", Lab.Cancel);
            await seen.WaitForTextAsync("first\n", Lab.Cancel);
        }

        await WaitUntilAsync(lab, list => list.Domains.Count == 0, "the first to be gone");
        await using GuestProgram second = GuestProgram.StartConsole(lab.Machine, options);
        DomainEntry after = await lab.ConnectedAsync("web");
        Assert.Equal((Domid, 2UL), (after.Domid, after.Generation));

        Transcript all = new("viewer of the second");
        await lab.AttachAsync("web all", all.Append);
        await second.WriteAsync("hello\n", Lab.Cancel);
        await all.WaitForTextAsync("hello\n", Lab.Cancel);
        Assert.Equal("hello\n", all.Text);
        Assert.Equal("", second.Output.Text);
    }

    [Fact]
    public async Task What_a_killed_subscriber_owed_is_answered_for_it()
    {
        await using Lab lab = await Lab.StartAsync(
            "--Switching:SessionWindow=0s", "--Switching:UnboundGrace=0s", "--Switching:ResponseTimeout=1h");
        await GuestOfKilledSubscriberAsync(lab, Lab.Seeded("requests"));

        await WaitUntilAsync(lab, list => list.Domains.Single() is { Unanswered: 0, Requests: 9 }, "all nine to be answered");
        Assert.Equal(9UL, (await lab.StatusAsync()).AnsweredByDaemon);
    }

    [Fact]
    public async Task What_a_killed_subscriber_owed_goes_to_the_next_one_first()
    {
        await using Lab lab = await Lab.StartAsync(
            "--Switching:SessionWindow=0s", "--Switching:UnboundGrace=60s", "--Switching:ResponseTimeout=1h");
        SeededStream sent = Lab.Seeded("requests");
        await GuestOfKilledSubscriberAsync(lab, sent);

        RecordSubscriber next = await lab.SubscribeAsync();
        StreamVerifier received = new("next subscriber", sent, 9 * ProtocolLimits.MaxPayload);
        while (received.Missing > 0 && received.Problem is null)
        {
            XcsRecord request = await next.ReceiveAsync(RecordType.Request, Lab.Cancel);
            received.Accept(request.Message.Data);
            request.Type = RecordType.Response;
            await next.Data.SendAsync(in request, Lab.Cancel);
        }

        received.Check();
        Assert.Equal(0UL, (await lab.StatusAsync()).AnsweredByDaemon);
    }

    /// <summary>A guest that has asked nine times, and whose one subscriber was killed with the eight that fit in the ring.</summary>
    private static async Task<GuestProgram> GuestOfKilledSubscriberAsync(Lab lab, SeededStream requests)
    {
        await using ChildProcess subscriber = PerlPrograms.StartSubscriber(lab.Places.Xcs);
        await subscriber.Output.WaitForTextAsync("bound\n", Lab.Cancel);
        GuestProgram guest = lab.Own(
            GuestProgram.Start(lab.Machine, new GuestOptions("dom"), ["console", "--type", "1"]));
        await lab.ConnectedAsync("dom");
        await guest.WriteAsync(requests.Take(0, 9 * ProtocolLimits.MaxPayload), Lab.Cancel);
        await WaitUntilAsync(lab, list => list.Domains.Single().Unanswered == ProtocolLimits.RingSlots, "eight requests owed");
        await subscriber.Kill9Async(Lab.Cancel);
        return guest;
    }

    [Fact]
    public async Task A_killed_viewer_costs_nobody_anything()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript seen = new("healthy viewer");
        await lab.AttachAsync("web", seen.Append);
        await using (ChildProcess viewer = PerlPrograms.StartViewer(lab.Places.Console, "web"))
        {
            await guest.WriteAsync("to both\n", Lab.Cancel);
            await viewer.Output.WaitForTextAsync("to both\n", Lab.Cancel);
            await viewer.Kill9Async(Lab.Cancel);
        }

        await guest.WriteAsync("to one\n", Lab.Cancel);
        await seen.WaitForTextAsync("to one\n", Lab.Cancel);
        await WaitUntilAsync(lab, list => list.Domains.Single().Viewers == 1, "one viewer");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restarted_daemon_finds_the_guests_and_what_they_printed_meanwhile(bool classic)
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web", classic);
        await lab.Daemon.Kill9Async(Lab.Cancel);
        await guest.WriteAsync("printed while nobody served\n", Lab.Cancel);

        await lab.RestartAsync();

        Assert.Equal(domid, (await lab.ConnectedAsync("web")).Domid);
        Transcript seen = new("viewer");
        ConsoleSocket viewer = await lab.AttachAsync("web all", seen.Append);
        await seen.WaitForTextAsync("printed while nobody served\n", Lab.Cancel);
        await viewer.SendAsync("typed\n"u8.ToArray(), Lab.Cancel);
        await guest.Output.WaitForTextAsync("typed\n", Lab.Cancel);
        await guest.WriteAsync("and on\n", Lab.Cancel);
        await seen.WaitForTextAsync("and on\n", Lab.Cancel);
    }

    /// <summary>
    /// The promise: a request without an answer in the ring is delivered again by the next daemon, in ring order, before
    /// anything newer. So each message comes at least once; what comes again are at most the eight last ones.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_unanswered_request_is_lost_when_the_daemon_is_killed_in_the_middle_of_a_stream(bool classic)
    {
        const int Bytes = 256 << 10;
        const int Kills = 3;
        await using Lab lab = await Lab.StartAsync("--Switching:UnboundGrace=60s");
        SeededStream sent = Lab.Seeded("stream");
        await using GuestProgram guest = GuestProgram.Start(
            lab.Machine, new GuestOptions("dom", Classic: classic), ["console", "--type", "1"]);
        await lab.ConnectedAsync("dom");
        Task writing = guest.WriteAsync(sent.Take(0, Bytes), Lab.Cancel);

        RepeatedStream received = new(sent);
        Random when = new((int)(sent.Seed & int.MaxValue));
        for (int life = 0; life <= Kills; life++)
        {
            long until = life == Kills ? Bytes : (life * Bytes / Kills) + when.Next(Bytes / Kills);
            using (RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel))
            {
                await subscriber.BindAsync(Lab.Cancel, type: BlockBackEnd);
                await AnswerUntilAsync(subscriber, received, until);
                if (life < Kills)
                {
                    await lab.Daemon.Kill9Async(Lab.Cancel);
                }
            }

            if (life < Kills)
            {
                received.ExpectRepeats();
                await lab.RestartAsync();
            }
        }

        await writing;
        Lab.Print($"{received.Repeated} bytes came twice over {Kills} kills");
        Assert.Equal(Bytes, received.Position);
        Assert.Equal(0UL, (await lab.StatusAsync()).AnsweredByDaemon);
    }

    private static async Task AnswerUntilAsync(RecordSubscriber subscriber, RepeatedStream received, long until)
    {
        while (received.Position < until)
        {
            XcsRecord request = await subscriber.ReceiveAsync(RecordType.Request, Lab.Cancel);
            received.Accept(request.Message.Data);
            request.Type = RecordType.Response;
            await subscriber.Data.SendAsync(in request, Lab.Cancel);
        }
    }

    private static Task<DomainList> WaitUntilAsync(Lab lab, Func<DomainList, bool> condition, string wanted)
        => OperatorQuery.WaitForListAsync(lab.Places.Console, condition, wanted, Lab.Cancel);
}
