using XcsSharp.Handlers.Shutdown;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Handlers.Tests;

/// <summary>SHUTDOWN, REBOOT and SUSPEND on the console socket, and what the guest is sent for them.</summary>
public sealed class ShutdownHandlerTests
{
    private static readonly string[] s_on = ["Shutdown"];

    [Theory]
    [InlineData("SHUTDOWN", 0)]
    [InlineData("REBOOT", 1)]
    [InlineData("SUSPEND", 2)]
    public void The_guest_gets_the_message_and_the_operator_its_acknowledgement(string word, int subtype)
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(7, "my web");
        OperatorClient client = rig.Ask($"{word} my web");

        ControlMessage asked = Assert.Single(guest.Asked);
        Assert.Equal((MessageType.Shutdown, (byte)subtype, (byte)0), (asked.Type, asked.Subtype, asked.Length));
        client.Receive();
        Assert.Equal("", client.Text);
        guest.Answer(rig, asked);
        Assert.Equal("OK 7 my web", rig.ReplyTo(client));
        Assert.Equal(0, rig.Connections);
    }

    [Theory]
    [InlineData("SHUTDOWN")]
    [InlineData("REBOOT")]
    public void Who_waits_is_answered_when_the_domain_has_gone_and_not_before(string word)
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(7, "web");
        OperatorClient client = rig.Ask($"{word} web wait");
        guest.Answer(rig, guest.Asked[0]);
        rig.Advance(TimeSpan.FromHours(5)); // neither the guest's time nor the connection's runs any more
        guest.Guest.EndProgram();
        rig.RunIdle();
        client.Receive();
        Assert.Equal(("", false), (client.Text, client.IsEnded));

        guest.Guest.Destroy();
        Assert.Equal("OK 7 web", rig.ReplyTo(client));
    }

    [Fact]
    public void A_suspend_is_not_waited_for_so_the_word_belongs_to_the_name()
    {
        using HandlerRig rig = new(s_on);
        _ = rig.AddGuest(7, "web");
        Assert.StartsWith("ERR unknown-domain no domain 'web wait'", rig.ReplyTo("SUSPEND web wait"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_ignores_it_is_reported_after_the_timeout_and_its_neighbour_is_served_meanwhile()
    {
        using HandlerRig rig = new(s_on);
        _ = rig.AddGuest(1, "deaf");
        PlayedGuest neighbour = rig.AddGuest(2, "web");
        OperatorClient waiting = rig.Ask("SHUTDOWN deaf");

        // Longer than a client of the console socket may otherwise take.
        rig.Advance(TimeSpan.FromSeconds(9));
        OperatorClient other = rig.Ask("SHUTDOWN web");
        neighbour.Answer(rig, neighbour.Asked[0]);
        Assert.Equal("OK 2 web", rig.ReplyTo(other));
        waiting.Receive();
        Assert.Equal(("", false), (waiting.Text, waiting.IsEnded));

        rig.Advance(TimeSpan.FromSeconds(2));
        string reply = rig.ReplyTo(waiting);
        Assert.StartsWith("ERR no-answer domain 1 (deaf) was asked and has not answered for 10 s", reply, StringComparison.Ordinal);
        Assert.Contains("Handlers:AnswerTimeout", reply, StringComparison.Ordinal);
        Assert.EndsWith("use: xl shutdown 1", reply, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_operators_at_once_each_get_their_own_answer_and_a_third_is_refused()
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(1, "web");
        OperatorClient first = rig.Ask("SHUTDOWN web");
        OperatorClient second = rig.Ask("SHUTDOWN web");
        Assert.StartsWith(
            "ERR too-many-requests domain 1 (web) has not answered 2 earlier requests", rig.ReplyTo("REBOOT web"),
            StringComparison.Ordinal);
        guest.Answer(rig, guest.Asked[1]);
        Assert.Equal("OK 1 web", rig.ReplyTo(second));
        first.Receive();
        Assert.Equal("", first.Text);
        guest.Answer(rig, guest.Asked[0]);
        Assert.Equal("OK 1 web", rig.ReplyTo(first));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_operator_who_leaves_while_waiting_harms_nobody_and_is_forgotten(bool afterTheAnswer)
    {
        ShutdownHandler? handler = null;
        HandlerRegistration entry = HandlerTable.All.Single(entry => entry.Name == "Shutdown") with
        {
            Make = context => handler = new ShutdownHandler(context),
        };
        using HandlerRig rig = new(s_on, [entry]);
        PlayedGuest guest = rig.AddGuest(1, "web");
        OperatorClient leaves = rig.Ask("SHUTDOWN web wait");
        OperatorClient stays = rig.Ask("SHUTDOWN web wait");
        if (afterTheAnswer)
        {
            guest.Answer(rig, guest.Asked[0]);
        }

        leaves.Dispose();
        rig.RunUntil(() => rig.Connections == 1, "the daemon to notice");
        Assert.Equal((1, 0), (handler!.Questions.Waiting, handler.Awaiting));
        if (!afterTheAnswer)
        {
            guest.Answer(rig, guest.Asked[0]);
        }

        guest.Answer(rig, guest.Asked[1]);
        Assert.Equal((0, 1), (handler.Questions.Waiting, handler.Awaiting));
        guest.Guest.Destroy();
        Assert.Equal("OK 1 web", rig.ReplyTo(stays));
        Assert.Equal(0, handler.Awaiting);
    }

    [Fact]
    public void An_operator_who_only_ends_sending_still_gets_the_answer()
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(1, "web");
        OperatorClient client = rig.Ask("SHUTDOWN web");
        client.EndSending();
        rig.RunIdle();
        guest.Answer(rig, guest.Asked[0]);
        Assert.Equal("OK 1 web", rig.ReplyTo(client));
    }

    [Fact]
    public void A_guest_that_dies_before_it_answers_is_reported_with_the_reason()
    {
        using HandlerRig rig = new(s_on);
        PlayedGuest guest = rig.AddGuest(1, "web");
        OperatorClient client = rig.Ask("SHUTDOWN web wait");
        guest.Guest.Destroy();
        Assert.StartsWith(
            "ERR gone the control channel of domain 1 (web) ended before there was an answer: the domain is gone",
            rig.ReplyTo(client),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SHUTDOWN quiet", OperatorError.NoChannel, "use: xl shutdown 3")]
    [InlineData("REBOOT quiet wait", OperatorError.NoChannel, "use: xl reboot 3")]
    [InlineData("SUSPEND quiet", OperatorError.NoChannel, "use: xl save 3")]
    [InlineData("SHUTDOWN nobody", OperatorError.UnknownDomain, "LIST")]
    [InlineData("SHUTDOWN wait", OperatorError.UnknownDomain, "'wait'")]
    [InlineData("SHUTDOWN", OperatorError.BadArgument, "Give a domid or a name")]
    [InlineData("SHUTDOWN  ", OperatorError.BadArgument, "Give a domid or a name")]
    [InlineData("SHUTDOWNX quiet", OperatorError.UnknownRequest, "SHUTDOWN domid-or-name [wait], REBOOT")]
    public void What_cannot_be_asked_is_refused_with_a_remedy(string line, string code, string remedy)
    {
        using HandlerRig rig = new(s_on);
        _ = rig.Hypervisor.AddDomain(3, "quiet");
        string reply = rig.ReplyTo(line);
        Assert.StartsWith($"ERR {code} ", reply, StringComparison.Ordinal);
        Assert.Contains(remedy, reply, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_cannot_break_the_answer_line()
    {
        using HandlerRig rig = new(s_on);
        _ = rig.Hypervisor.AddDomain(3, "a\nOK 3 b\u001b[2J");
        string reply = rig.ReplyTo("SHUTDOWN 3");
        Assert.StartsWith("ERR no-channel domain 3 (a?OK 3 b?[2J)", reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Guests_own_requests_of_the_type_go_to_clients_as_before(bool on)
    {
        using HandlerRig rig = new(on ? s_on : []);
        PlayedGuest guest = rig.AddGuest(1, "web");
        Recorder client = new();
        rig.Switch.Attach(client);
        Assert.True(rig.Switch.Bind(client, ProtocolLimits.PortWildcard, (ushort)MessageType.Shutdown));
        Assert.True(guest.Guest.TrySend(ControlMessage.Create(MessageType.Shutdown, 0, 9, "x"u8)));
        rig.RunIdle();

        Assert.Equal(9, Assert.Single(client.Requests).Id);
        Assert.Equal(Rings.RingRead.Message, guest.Guest.Page.Transmit.TryTakeResponse(out ControlMessage response));
        Assert.Equal((byte)1, response.Length);
    }
}
