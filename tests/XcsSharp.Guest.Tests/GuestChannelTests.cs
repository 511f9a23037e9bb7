using XcsSharp.Protocol;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.TestKit;

namespace XcsSharp.Guest.Tests;

/// <summary>Both ends in one process and on one loop, so that each step is the test's.</summary>
public sealed class GuestChannelTests(SimulatedXen xen)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_up_and_its_answer_allocate_nothing()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        byte[] payload = new byte[60];
        pair.Driver.Room = () =>
        {
            while (pair.Channel.TrySend(MessageType.Console, 0, payload))
            {
            }
        };
        pair.Driver.Room();
        pair.RunUntilAnswered(2_000); // whatever is made once is made here
        long before = GC.GetAllocatedBytesForCurrentThread();
        ulong from = pair.Channel.ResponsesReceived;
        pair.RunUntilAnswered(from + 5_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // The wait itself makes a closure; one object a message would be 120,000 bytes.
        Assert.InRange(allocated, 0, 2_000);
        Assert.Equal(0UL, pair.Channel.StrayResponses);
    }

    [Fact]
    public async Task Tracked_requests_have_the_eight_ids_of_which_no_two_wait_at_once()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        pair.Controller.AnswersAtOnce = false;
        List<byte> ids = [];
        while (pair.Channel.TrySend(MessageType.BlockFrontEnd, 2, "?"u8, out byte id))
        {
            ids.Add(id);
        }

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], ids);
        List<byte> answered = [];
        pair.Driver.Responded = response => answered.Add(response.Id);
        pair.Controller.RunUntil(() => pair.Controller.RequestsTaken == 8, "the requests");
        pair.Controller.Answer(0, ControlMessage.Create(MessageType.BlockFrontEnd, 2, 5, "late"u8));
        pair.Controller.RunUntil(() => answered.Count == 1, "an answer out of order");
        Assert.Equal([5], answered);
        Assert.True(pair.Channel.TrySend(MessageType.BlockFrontEnd, 2, "?"u8, out byte next));
        Assert.Equal(5, next);
    }

    [Fact]
    public async Task An_answer_to_nothing_is_counted_and_not_given_to_the_driver()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        pair.Controller.AnswersAtOnce = false;
        pair.Driver.Responded = response => Assert.Fail($"got {response.Type} {response.Id}");
        Assert.True(pair.Channel.TrySend(MessageType.Console, 0, "x"u8));
        Assert.True(pair.Channel.TrySend(MessageType.Console, 0, "y"u8));
        pair.Controller.RunUntil(() => pair.Controller.RequestsTaken == 2, "the requests");

        // The id that would have crashed Linux of 2005, and the right id on the wrong type.
        pair.Controller.Answer(0, ControlMessage.Create(MessageType.Console, 0, 9, []));
        pair.Controller.Answer(0, ControlMessage.Create(MessageType.Shutdown, 0, GuestChannel.NoReply, []));
        pair.Controller.RunUntil(() => pair.Channel.ResponsesReceived == 2, "the answers");
        Assert.Equal(2UL, pair.Channel.StrayResponses);
        Assert.Equal(8, pair.Channel.Room);
    }

    [Fact]
    public async Task A_driver_answers_with_its_own_bytes_and_silence_is_length_0()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        pair.Driver.Requested = (request, _) => request.Type == MessageType.Shutdown
            ? ControlMessage.Create(request.Type, request.Subtype, request.Id, "done"u8)
            : null;
        List<ControlMessage> responses = [];
        pair.Controller.Responded = responses.Add;
        pair.Controller.Send(MessageType.Shutdown, "now"u8, id: 200);
        pair.Controller.Send(MessageType.UsbBackEnd, "?"u8, id: 201);
        pair.Controller.RunUntil(() => responses.Count == 2, "both answers");
        Assert.Equal((MessageType.Shutdown, (byte)200, (byte)4), (responses[0].Type, responses[0].Id, responses[0].Length));
        Assert.Equal("done"u8, responses[0].Data);
        Assert.Equal((MessageType.UsbBackEnd, (byte)201, (byte)0), (responses[1].Type, responses[1].Id, responses[1].Length));
    }

    [Fact]
    public async Task The_controller_is_signalled_for_every_message_and_every_answer_at_once()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        Assert.True(pair.Channel.TrySend(MessageType.Console, 0, "x"u8));
        pair.RunUntilAnswered(1); // the signals of the beginning are taken by then

        for (int i = 0; i < 3; i++)
        {
            Assert.True(pair.Channel.TrySend(MessageType.Console, 0, "x"u8));
            AssertSignalled();
        }

        int requests = 0;
        pair.Driver.Requested = (_, _) =>
        {
            if (requests++ > 0)
            {
                AssertSignalled(); // for the answer before this request
            }

            return null;
        };
        for (int i = 0; i < 3; i++)
        {
            Assert.True(pair.Controller.Page.Receive.TryPutRequest(ControlMessage.Create(MessageType.Console, 0, 0, "k"u8)));
        }

        pair.Controller.Notify();
        pair.Controller.RunUntil(() => requests == 3, "the requests");

        void AssertSignalled()
            => Assert.True(SpinWait.SpinUntil(pair.Controller.TakeSignal, Transcript.DefaultDeadline), "no signal came");
    }

    [Fact]
    public async Task While_requests_are_paused_they_stay_in_the_ring()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        int requests = 0;
        pair.Driver.Requested = (_, channel) =>
        {
            requests++;
            channel.PauseRequests();
            return null;
        };
        for (int i = 0; i < 8; i++)
        {
            pair.Controller.Send(MessageType.Console, "k"u8);
        }

        pair.Controller.RunUntil(() => pair.Controller.Page.Receive.Unanswered == 7, "the first answer");

        // Proof that the guest has seen the events and left the rest: it serves the other direction meanwhile.
        Assert.True(pair.Channel.TrySend(MessageType.Console, 0, "x"u8));
        pair.Controller.RunUntil(() => pair.Channel.ResponsesReceived == 1, "the other direction");
        Assert.Equal(1, requests);

        pair.Channel.ResumeRequests();
        pair.Controller.RunUntil(() => requests == 2, "the second request");
    }

    [Fact]
    public async Task A_request_that_is_held_is_never_answered_and_later_ones_are()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        pair.Driver.Requested = (request, channel) =>
        {
            if (request.Type == MessageType.Shutdown)
            {
                channel.HoldRequest();
            }

            return null;
        };
        List<byte> answered = [];
        pair.Controller.Responded = response => answered.Add(response.Id);
        pair.Controller.Send(MessageType.Shutdown, [], id: 1);
        for (byte id = 2; id <= 12; id++)
        {
            pair.Controller.Send(MessageType.Console, "k"u8, id);
            pair.Controller.RunUntil(() => answered.Count == id - 1, $"the answer to request {id}");
        }

        Assert.Equal(Enumerable.Range(2, 11), answered.Select(id => (int)id));
        Assert.Equal((1, 1), (pair.Channel.RequestsHeld, pair.Controller.Page.Receive.Unanswered));
        Assert.Equal(11UL, pair.Channel.RequestsAnswered);

        // What a next program of the guest would take again is the one that was held.
        int slots = ControlPageLayout.Receive + ControlPageLayout.Slots;
        int producer = pair.Controller.Read(ControlPageLayout.Receive + ControlPageLayout.ResponseProducer);
        int head = pair.Controller.Read(slots + (producer % ProtocolLimits.RingSlots * ProtocolLimits.ControlMessageSize));
        Assert.Equal(((int)MessageType.Shutdown, 1), (head & 0xFF, (head >> 16) & 0xFF));
    }

    [Fact]
    public async Task Impossible_indexes_lose_the_channel_once_and_for_good()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);

        // Answers to requests that were never sent.
        pair.Controller.Overwrite(ControlPageLayout.Transmit + ControlPageLayout.ResponseProducer, 1000);
        pair.Controller.Notify();
        pair.Controller.RunUntil(() => pair.Driver.Lost.Count == 1, "the loss");
        Assert.Contains("never sent", pair.Driver.Lost[0], StringComparison.Ordinal);
        Assert.Equal(0, pair.Channel.Room);
        Assert.False(pair.Channel.TrySend(MessageType.Console, 0, "x"u8));
    }

    [Fact]
    public async Task Withdrawing_in_order_takes_the_key_away_and_then_the_page()
    {
        await using Pair pair = await Pair.OpenAsync(xen, Cancel);
        Assert.Equal(pair.Controller.Nonce, pair.Controller.Page.Header.Nonce);
        Assert.True(pair.Controller.Page.Header.Alive);
        pair.Channel.Dispose();
        Assert.Null(pair.Controller.ReadStore("data/xcs/ready"));
        Assert.False(pair.Controller.Page.Header.Alive);
        Assert.False(pair.Channel.TrySend(MessageType.Console, 0, "x"u8));
    }

    /// <summary>A driver whose every reaction the test gives.</summary>
    private sealed class TestDriver : IGuestDriver
    {
        public Func<ControlMessage, GuestChannel, ControlMessage?>? Requested { get; set; }

        public Action<ControlMessage>? Responded { get; set; }

        public Action? Room { get; set; }

        public List<string> Lost { get; } = [];

        public void OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response)
            => response = Requested?.Invoke(request, channel) ?? response;

        public void OnResponse(GuestChannel channel, in ControlMessage response) => Responded?.Invoke(response);

        public void OnRoom(GuestChannel channel) => Room?.Invoke();

        public void OnLost(GuestChannel channel, string reason) => Lost.Add(reason);
    }

    /// <summary>A guest's channel and its controller on one loop. The domain itself is a process that sleeps.</summary>
    private sealed class Pair : IAsyncDisposable
    {
        private readonly ChildProcess _domain;
        private readonly EventLoop _loop = new();

        private Pair(ChildProcess domain)
        {
            _domain = domain;
        }

        public TestDriver Driver { get; } = new();

        public GuestChannel Channel { get; private set; } = null!;

        public TestController Controller { get; private set; } = null!;

        public static async Task<Pair> OpenAsync(SimulatedXen xen, CancellationToken cancel)
        {
            uint domid = xen.NewDomid();
            Pair pair = new(xen.StartDomain(domid, classic: false, ["/bin/sh", "-c", "echo up; read end"]));
            await pair._domain.Output.WaitForTextAsync("up", cancel);
            pair.Channel = xen.As(domid, () => GuestChannel.Open(pair._loop, GuestTransport.Granted, pair.Driver));
            pair.Controller = TestController.Attach(xen, domid, loop: pair._loop);
            return pair;
        }

        public void RunUntilAnswered(ulong count)
            => Controller.RunUntil(() => Channel.ResponsesReceived >= count, $"{count} answers");

        public async ValueTask DisposeAsync()
        {
            Controller.Dispose();
            Channel.Dispose();
            _loop.Dispose();
            await _domain.DisposeAsync();
        }
    }
}
