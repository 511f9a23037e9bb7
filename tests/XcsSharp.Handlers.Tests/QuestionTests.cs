using XcsSharp.Handlers.Asking;
using XcsSharp.Protocol;
using XcsSharp.Switching;

namespace XcsSharp.Handlers.Tests;

/// <summary>Whatever a guest does with a question, what came of it is told once.</summary>
public sealed class QuestionTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private static readonly ControlMessage s_question = ControlMessage.Create(MessageType.Shutdown, 0, 0, []);

    [Fact]
    public void A_guests_answer_is_told_once_with_its_payload_to_who_asked()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker asker = new(rig);
        GuestQuestion? question = asker.Ask(rig.Domain());
        rig.RunIdle();

        ControlMessage asked = Assert.Single(guest.Asked);
        Assert.Equal((MessageType.Shutdown, (byte)0, (byte)0), (asked.Type, asked.Subtype, asked.Length));
        Assert.Empty(asker.Told);
        guest.Answer(rig, asked, 1, 2, 3);
        rig.Advance(s_patience * 2);

        QuestionResult told = Assert.Single(asker.Told);
        Assert.Equal(QuestionEnd.Answered, told.End);
        Assert.Equal([1, 2, 3], told.Answer.Data.ToArray());
        Assert.NotNull(question);
        Assert.Equal((0, 0), (asker.Questions.Waiting, asker.Questions.UnansweredOf(rig.Domain())));
    }

    [Fact]
    public void A_guest_that_ignores_it_is_told_of_after_its_time_and_its_late_answer_is_not()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain());
        rig.RunIdle();
        rig.Advance(s_patience - TimeSpan.FromMilliseconds(1));
        Assert.Empty(asker.Told);
        rig.Advance(TimeSpan.FromMilliseconds(2));

        Assert.Equal([QuestionEnd.Ignored], asker.Ends);
        Assert.Equal((0, 1), (asker.Questions.Waiting, asker.Questions.UnansweredOf(rig.Domain())));
        guest.Answer(rig, guest.Asked[0]);
        Assert.Equal([QuestionEnd.Ignored], asker.Ends);
        Assert.Equal(0, asker.Questions.UnansweredOf(rig.Domain()));
    }

    [Fact]
    public void A_slot_that_comes_back_with_something_else_is_no_answer()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain());
        rig.RunIdle();
        guest.Answer(rig, ControlMessage.Create(MessageType.UsbBackEnd, 7, 7, []));
        rig.Advance(s_patience * 2);
        Assert.Equal([QuestionEnd.AnsweredOtherwise], asker.Ends);
    }

    [Fact]
    public void A_guest_that_goes_meanwhile_ends_it_with_the_reason()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain());
        rig.RunIdle();
        guest.Guest.EndProgram("its program has ended");
        rig.Advance(s_patience * 2);

        QuestionResult told = Assert.Single(asker.Told);
        Assert.Equal((QuestionEnd.ChannelClosed, "its program has ended"), (told.End, told.Reason));
        Assert.Equal(0, asker.Questions.Waiting);
    }

    [Fact]
    public void What_a_guest_answers_with_its_last_breath_is_its_answer()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain());
        rig.RunIdle();

        // No event any more: the daemon has to look itself.
        guest.Put(ControlMessage.EmptyAnswerTo(guest.Asked[0]));
        guest.Guest.Destroy();
        rig.RunIdle();
        Assert.Equal([QuestionEnd.Answered], asker.Ends);
    }

    [Fact]
    public void A_guest_that_lies_meanwhile_ends_it()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain());
        rig.RunIdle();
        guest.Guest.PageBytes[2572] = 200; // rx.rsp_prod
        guest.Guest.Kick();
        rig.RunIdle();
        Assert.Equal([QuestionEnd.ChannelClosed], asker.Ends);

        _ = asker.Ask(rig.Domain());
        Assert.Equal([QuestionEnd.ChannelClosed, QuestionEnd.NoChannel], asker.Ends);
    }

    [Fact]
    public void A_domain_without_a_channel_is_told_of_at_once()
    {
        using HandlerRig rig = new();
        _ = rig.Hypervisor.AddDomain(1);
        Asker asker = new(rig);
        Assert.Null(asker.Ask(rig.Domain()));
        Assert.Equal([QuestionEnd.NoChannel], asker.Ends);
    }

    [Fact]
    public void A_guest_holds_two_questions_and_gets_no_third_until_it_has_answered_one()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest(1);
        _ = rig.AddGuest(2);
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain(1));
        _ = asker.Ask(rig.Domain(1));
        Assert.Null(asker.Ask(rig.Domain(1)));
        Assert.Equal([QuestionEnd.TooManyOfGuest], asker.Ends);
        Assert.NotNull(asker.Ask(rig.Domain(2)));

        // Its time being over frees no slot of its ring, so it makes no room here either.
        rig.Advance(s_patience * 2);
        Assert.Null(asker.Ask(rig.Domain(1)));
        Assert.Equal(2, guest.Asked.Count);
        guest.Answer(rig, guest.Asked[0]);
        Assert.NotNull(asker.Ask(rig.Domain(1)));

        // Another program of the guest has a ring of its own.
        _ = asker.Ask(rig.Domain(1));
        guest.Guest.EndProgram();
        guest.Guest.Publish();
        rig.RunIdle();
        Assert.NotNull(asker.Ask(rig.Domain(1)));
    }

    [Fact]
    public void All_guests_together_have_a_limit_that_those_who_ignore_theirs_do_not_use_up()
    {
        using HandlerRig rig = new();
        Asker asker = new(rig, limit: 3);
        for (uint domid = 1; domid <= 4; domid++)
        {
            _ = rig.AddGuest(domid);
        }

        Assert.NotNull(asker.Ask(rig.Domain(1)));
        Assert.NotNull(asker.Ask(rig.Domain(2)));
        Assert.NotNull(asker.Ask(rig.Domain(3)));
        Assert.Null(asker.Ask(rig.Domain(4)));
        Assert.Equal([QuestionEnd.TooMany], asker.Ends);
        rig.Advance(s_patience * 2);
        Assert.Equal(0, asker.Questions.Waiting);
        Assert.NotNull(asker.Ask(rig.Domain(4)));
    }

    [Fact]
    public void A_full_queue_before_the_ring_is_told_of_at_once_and_later_there_is_room()
    {
        using HandlerRig rig = new(requestQueue: 1);
        PlayedGuest guest = rig.AddGuest();
        Recorder other = new();
        rig.Switch.Attach(other);
        while (rig.Domain().Channel!.TrySendRequest(other, ControlMessage.Create(MessageType.Console, 0, 1, "x"u8)))
        {
        }

        Asker asker = new(rig);
        Assert.Null(asker.Ask(rig.Domain()));
        Assert.Equal([QuestionEnd.NoRoom], asker.Ends);
        Assert.Equal((0, 0), (asker.Questions.Waiting, asker.Questions.UnansweredOf(rig.Domain())));
        rig.RunIdle();
        guest.Answer(rig, guest.Asked[0]);
        Assert.NotNull(asker.Ask(rig.Domain()));
    }

    [Fact]
    public void Given_up_it_is_never_told_and_still_counts_for_its_guest()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker asker = new(rig);
        asker.Ask(rig.Domain())!.GiveUp();
        rig.RunIdle();
        Assert.Equal((0, 1), (asker.Questions.Waiting, asker.Questions.UnansweredOf(rig.Domain())));
        guest.Answer(rig, guest.Asked[0]);
        rig.Advance(s_patience * 2);
        Assert.Empty(asker.Told);
        Assert.Equal(0, asker.Questions.UnansweredOf(rig.Domain()));
    }

    [Fact]
    public void Two_questions_have_ids_of_their_own_and_answers_in_any_order_go_to_the_right_one()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Asker first = new(rig);
        Asker second = new(rig);
        _ = first.Ask(rig.Domain());
        _ = first.Ask(rig.Domain());
        _ = second.Ask(rig.Domain());
        rig.RunIdle();

        Assert.NotEqual(guest.Asked[0].Id, guest.Asked[1].Id);
        Assert.All(guest.Asked, asked => Assert.InRange(asked.Id, 0xF0, 0xFF));
        guest.Answer(rig, guest.Asked[1], 2);
        Assert.Equal(2, Assert.Single(first.Told).Answer.Data[0]);
        Assert.Empty(second.Told);
        guest.Answer(rig, guest.Asked[0], 1);
        guest.Answer(rig, guest.Asked[2], 3);
        Assert.Equal(1, first.Told[1].Answer.Data[0]);
        Assert.Equal(3, Assert.Single(second.Told).Answer.Data[0]);
    }

    [Fact]
    public void Others_get_what_they_bound_and_their_own_answers_end_no_question()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Recorder bound = new();
        rig.Switch.Attach(bound);
        Assert.True(rig.Switch.Bind(bound, ProtocolLimits.PortWildcard, (ushort)MessageType.Shutdown));
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain());
        rig.RunIdle();
        Assert.True(rig.Domain().Channel!.TrySendRequest(bound, ControlMessage.Create(MessageType.Shutdown, 0, 5, [])));
        rig.RunIdle();

        guest.Answer(rig, guest.Asked[1]);
        Assert.Empty(asker.Told);
        Assert.Equal([5], bound.Responses.Select(response => (int)response.Id));
        guest.Answer(rig, guest.Asked[0]);
        Assert.Equal([QuestionEnd.Answered], asker.Ends);
        Assert.Equal(2, bound.Responses.Count);
    }

    [Fact]
    public void Ending_all_tells_each_once()
    {
        using HandlerRig rig = new();
        _ = rig.AddGuest(1);
        _ = rig.AddGuest(2);
        Asker asker = new(rig);
        _ = asker.Ask(rig.Domain(1));
        _ = asker.Ask(rig.Domain(2));
        asker.Questions.EndAll("enough");
        rig.Advance(s_patience * 2);
        Assert.Equal(["enough", "enough"], asker.Told.Select(told => told.Reason));
    }

    private sealed class Asker : Recorder
    {
        public Asker(HandlerRig rig, int limit = GuestQuestions.DefaultLimit)
        {
            Questions = new GuestQuestions(this, rig.Loop, s_patience, limit);
            rig.Switch.Attach(this);
        }

        public GuestQuestions Questions { get; }

        public List<QuestionResult> Told { get; } = [];

        public IEnumerable<QuestionEnd> Ends => Told.Select(told => told.End);

        public GuestQuestion? Ask(GuestDomain domain) => Questions.Ask(domain, s_question, Told.Add);

        public override void OnChannelClosed(ControlChannel channel, string reason) => Questions.OnChannelClosed(channel, reason);

        public override void OnResponse(ControlChannel channel, in ControlMessage response)
            => Questions.OnResponse(channel, response);

        public override void OnNoAnswer(ControlChannel channel, in SentRequest request) => Questions.OnNoAnswer(channel, request);
    }
}
