using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Ports;

public sealed class NotifierTests : IDisposable
{
    private readonly PlayedSwitch _switch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NotifierOptions Plain => _switch.Options with { Extensions = Extensions.None };

    public void Dispose() => _switch.Dispose();

    [Fact]
    public async Task A_port_is_opened_and_bound_as_xend_did_and_given_back()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(
                new PortOptions { Domid = 5, LocalPort = 31, Types = [MessageType.Console, MessageType.Shutdown] }, Cancel);
            Assert.Equal(new InterfacePorts(31, 1), port.Ports);
            XcsRecord open = await session.AskedAsync();
            Assert.Equal(
                (RecordType.OpenInterface, 5u, 31, 1),
                (open.Type, open.InterfaceDomain, open.InterfaceLocalPort, open.InterfaceRemotePort));
            await CheckAskedAsync(session, RecordType.Bind, 31, 0);
            await CheckAskedAsync(session, RecordType.Bind, 31, 6);

            await port.DisposeAsync();
            await CheckAskedAsync(session, RecordType.Unbind, 31, 0);
            await CheckAskedAsync(session, RecordType.Unbind, 31, 6);
            Assert.Equal(RecordType.CloseInterface, (await session.AskedAsync()).Type);
            await port.DisposeAsync();
            await using Port again = await notifier.OpenPortAsync(5);
            Assert.Equal(RecordType.OpenInterface, (await session.AskedAsync()).Type);
        }
    }

    [Fact]
    public async Task A_message_goes_to_its_port_by_domain_and_type_and_otherwise_to_the_subscription()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port five = await notifier.OpenPortAsync(5, MessageType.Console);
            Port six = await notifier.OpenPortAsync(6);
            Subscription rest = await notifier.SubscribeAsync();
            await session.RequestAsync(6, 1, MessageType.Debug);
            await session.RequestAsync(5, 2, MessageType.Debug);
            await session.RequestAsync(7, 3);
            await session.RequestAsync(5, 4);
            await session.SayAsync(XcsRecord.ForMessage(RecordType.Response, 5, 15, PlayedSession.Message(5)));

            Assert.Equal(4, (await NextAsync(five)).Message.Id);
            Assert.Equal(1, (await NextAsync(six)).Message.Id);
            Assert.Equal(2, (await NextAsync(rest)).Message.Id);
            Assert.Equal((7u, 3), ((await NextAsync(rest)) is var last ? last.Domid : 0, last.Message.Id));
            GuestMessage[] answer = new GuestMessage[1];
            Assert.Equal(1, await five.ReceiveResponsesAsync(answer, Cancel));
            Assert.Equal((5, false), (answer[0].Message.Id, answer[0].IsRequest));
        }
    }

    [Fact]
    public async Task Two_ports_of_a_domain_and_two_subscriptions_of_a_type_are_refused()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            await notifier.OpenPortAsync(5);
            await Assert.ThrowsAsync<InvalidOperationException>(() => notifier.OpenPortAsync(5));
            await notifier.SubscribeAsync(MessageType.Console);
            await notifier.SubscribeAsync(MessageType.Debug);
            await Assert.ThrowsAsync<InvalidOperationException>(() => notifier.SubscribeAsync(MessageType.Debug));
            await Assert.ThrowsAsync<InvalidOperationException>(() => notifier.SubscribeAsync());
        }
    }

    [Fact]
    public async Task A_reader_that_lags_loses_its_oldest_with_a_mark_and_holds_up_nobody()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain with { QueueLength = 4 });
        session.Serve();
        await using (notifier)
        {
            Port slow = await notifier.OpenPortAsync(5);
            Port quick = await notifier.OpenPortAsync(6);
            for (byte id = 1; id <= 10; id++)
            {
                await session.RequestAsync(5, id);
            }

            await session.RequestAsync(6, 99);
            Assert.Equal(99, (await NextAsync(quick)).Message.Id);

            GuestMessage[] left = new GuestMessage[10];
            Assert.Equal(4, await slow.ReceiveRequestsAsync(left, Cancel));
            Assert.Equal([7, 8, 9, 10], left.Take(4).Select(message => (int)message.Message.Id));
            Assert.Equal([6UL, 0UL, 0UL, 0UL], left.Take(4).Select(message => message.Missed));
            await session.RequestAsync(5, 11);
            Assert.Equal(0UL, (await NextAsync(slow)).Missed);
        }
    }

    [Fact]
    public async Task A_request_is_answered_once_with_what_fits_it()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            Port other = await notifier.OpenPortAsync(6);
            await session.RequestAsync(5, 1, correlation: 77);
            GuestMessage request = await NextAsync(port);
            await Assert.ThrowsAsync<ArgumentException>(() => other.AnswerAsync(request, Cancel).AsTask());
            await Assert.ThrowsAsync<ArgumentException>(
                () => port.AnswerAsync(request, PlayedSession.Message(2), Cancel).AsTask());

            Assert.True(await port.AnswerAsync(request, PlayedSession.Message(1), Cancel));
            XcsRecord answer = await session.HeardAsync();
            Assert.Equal(
                (RecordType.Response, 5u, 77u, 1), (answer.Type, answer.RemoteDomain, answer.Correlation, answer.Message.Id));
            await Assert.ThrowsAsync<InvalidOperationException>(() => port.AnswerAsync(request, Cancel).AsTask());

            // And the next sender gets its turn.
            await port.SendRequestAsync(PlayedSession.Message(9), Cancel);
            Assert.Equal(RecordType.Request, (await session.HeardAsync()).Type);
        }
    }

    [Fact]
    public async Task Interrupts_that_nobody_awaited_are_counted()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            VirtualInterrupt virq = await notifier.BindVirqAsync(3, Cancel);
            Port port = await notifier.OpenPortAsync(5);
            Assert.Equal(103, virq.Port);
            Task<long> waiting = virq.WaitAsync(Cancel).AsTask();
            XcsRecord interrupt = new() { Type = RecordType.Virq, LocalPort = 103 };
            await session.SayAsync(interrupt);
            Assert.Equal(1, await waiting);
            await session.SayAsync(interrupt);
            await session.SayAsync(interrupt);
            await session.SayAsync(interrupt with { LocalPort = 104 });
            await session.RequestAsync(5, 1);
            await NextAsync(port);
            Assert.Equal(2, await virq.WaitAsync(Cancel));
            await virq.NotifyAsync(Cancel);
            Assert.Equal((RecordType.Virq, 103), ((await session.HeardAsync()) is var said ? said.Type : 0, said.LocalPort));

            waiting = virq.WaitAsync(Cancel).AsTask();
            await virq.DisposeAsync();
            Assert.Equal(0, await waiting);
        }
    }

    [Fact]
    public async Task Disposing_ends_each_reader_and_each_wait()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        Port port = await notifier.OpenPortAsync(5);
        Task[] readers =
        [
            EnumerateAsync(port.ReadRequestsAsync(Cancel)),
            EnumerateAsync(port.ReadResponsesAsync(Cancel)),
            EnumerateAsync((await notifier.SubscribeAsync()).ReadRequestsAsync(Cancel)),
            EnumerateAsync((await notifier.BindVirqAsync(1, Cancel)).ReadAsync(Cancel)),
            EnumerateAsync(notifier.ReadNewsAsync(Cancel)),
            EnumerateAsync(notifier.ReadEventsAsync(Cancel)),
        ];
        Task<ControlMessage> ask = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
        await session.HeardAsync();
        Assert.DoesNotContain(readers, reader => reader.IsCompleted);

        await notifier.DisposeAsync();
        await Task.WhenAll(readers).WaitAsync(Transcript.DefaultDeadline, Cancel);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ask);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => notifier.OpenPortAsync(6));
        await notifier.DisposeAsync();
    }

    [Fact]
    public async Task Cancelling_a_reader_leaves_what_it_had_not_read()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            using CancellationTokenSource impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            Task reading = EnumerateAsync(port.ReadRequestsAsync(impatient.Token));
            Task second = EnumerateAsync(port.ReadRequestsAsync(Cancel));
            await Assert.ThrowsAsync<InvalidOperationException>(() => second);
            await impatient.CancelAsync();
            OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
            Assert.Equal(impatient.Token, cancelled.CancellationToken);

            await session.RequestAsync(5, 1);
            await session.RequestAsync(5, 2);
            await foreach (GuestMessage request in port.ReadRequestsAsync(Cancel))
            {
                Assert.Equal(1, request.Message.Id);
                break;
            }

            Assert.Equal(2, (await NextAsync(port)).Message.Id);
        }
    }

    [Fact]
    public async Task Giving_up_a_send_that_is_stuck_breaks_nothing()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            using CancellationTokenSource impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

            // The switch does not read, as for a guest whose ring is full.
            ValueTask stuck;
            int sent = 0;
            do
            {
                stuck = port.SendRequestAsync(PlayedSession.Message(1), impatient.Token);
                sent++;
            }
            while (stuck.IsCompletedSuccessfully);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck.AsTask());

            Task<ControlMessage> ask = port.AskAsync(PlayedSession.Message(2), cancel: Cancel);
            for (int i = 0; i < sent; i++)
            {
                Assert.Equal(1, (await session.HeardAsync()).Message.Id);
            }

            Assert.Equal(2, (await session.HeardAsync()).Message.Id);
            await session.SayAsync(XcsRecord.ForMessage(RecordType.Response, 5, 15, PlayedSession.Message(2)));
            Assert.Equal(2, (await ask).Id);
        }
    }

    internal static async Task<GuestMessage> NextAsync(MessageSource source)
    {
        GuestMessage[] one = new GuestMessage[1];
        Assert.Equal(
            1, await source.ReceiveRequestsAsync(one, Cancel).AsTask().WaitAsync(Transcript.DefaultDeadline, Cancel));
        return one[0];
    }

    internal static async Task EnumerateAsync<T>(IAsyncEnumerable<T> stream)
    {
        await foreach (T item in stream)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{item}");
        }
    }

    internal static async Task CheckAskedAsync(PlayedSession session, RecordType type, int port, ushort bound)
    {
        XcsRecord asked = await session.AskedAsync();
        Assert.Equal((type, port, bound), (asked.Type, asked.BindPort, asked.BindType));
    }
}
