using XcsSharp.Protocol;

namespace XcsSharp.Client.Tests.Ports;

public sealed class AskTests : IDisposable
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(30);

    private readonly PlayedSwitch _switch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NotifierOptions Plain => _switch.Options with { Extensions = Extensions.None };

    public void Dispose() => _switch.Dispose();

    [Fact]
    public async Task Without_numbers_an_answer_is_for_the_oldest_that_looks_the_same()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            Task<ControlMessage> first = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            Task<ControlMessage> other = port.AskAsync(PlayedSession.Message(2), cancel: Cancel);
            Task<ControlMessage> second = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(0u, (await session.HeardAsync()).Correlation);
            }

            await AnswerAsync(session, 1, "a");
            await AnswerAsync(session, 2, "b");
            await AnswerAsync(session, 1, "c");
            Assert.Equal(["a", "b", "c"], [Text(await first), Text(await other), Text(await second)]);
        }
    }

    [Fact]
    public async Task Without_numbers_the_late_answer_to_one_who_gave_up_is_nobodys()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            await Assert.ThrowsAsync<TimeoutException>(() => port.AskAsync(PlayedSession.Message(1), s_short, Cancel));
            Task<ControlMessage> next = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            await session.HeardAsync();
            await session.HeardAsync();
            await AnswerAsync(session, 1, "late");
            await AnswerAsync(session, 1, "mine");
            Assert.Equal("mine", Text(await next));
        }
    }

    [Fact]
    public async Task Without_numbers_only_so_many_who_gave_up_keep_a_place()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain with { MaxAsks = 2 });
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            for (int i = 0; i < 3; i++)
            {
                await Assert.ThrowsAsync<TimeoutException>(() => port.AskAsync(PlayedSession.Message(1), s_short, Cancel));
                await session.HeardAsync();
            }

            Task<ControlMessage> next = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            await session.HeardAsync();
            await AnswerAsync(session, 1, "second");
            await AnswerAsync(session, 1, "third");
            await AnswerAsync(session, 1, "mine");
            Assert.Equal("mine", Text(await next));
        }
    }

    [Fact]
    public async Task With_numbers_each_gets_its_own_in_whatever_order()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        await using (notifier)
        {
            // Bound to another type: the asker gets its answers all the same.
            Port port = await notifier.OpenPortAsync(5, MessageType.Debug);
            Task<ControlMessage> first = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            uint firstNumber = (await session.HeardAsync()).Correlation;
            Task<ControlMessage> second = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            uint secondNumber = (await session.HeardAsync()).Correlation;
            Assert.NotEqual(0u, firstNumber);
            Assert.NotEqual(firstNumber, secondNumber);
            await AnswerAsync(session, 1, "to somebody else");
            await AnswerAsync(session, 1, "to the second", secondNumber);
            await AnswerAsync(session, 1, "again", secondNumber);
            await AnswerAsync(session, 1, "to the first", firstNumber);
            Assert.Equal(("to the first", "to the second"), (Text(await first), Text(await second)));
        }
    }

    [Theory]
    [InlineData(UndeliveredReason.NoSuchDomain)]
    [InlineData(UndeliveredReason.NoChannel)]
    [InlineData(UndeliveredReason.ChannelOutOfOrder)]
    [InlineData(UndeliveredReason.LockedOut)]
    [InlineData(UndeliveredReason.ChannelClosed)]
    [InlineData(UndeliveredReason.NoAnswer)]
    public async Task A_reason_ends_the_wait(UndeliveredReason reason)
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            Task<ControlMessage> ask = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            XcsRecord request = await session.HeardAsync();
            await session.SayAsync(request with { Type = RecordType.Undelivered, Reason = reason });
            XcsUndeliveredException undelivered = await Assert.ThrowsAsync<XcsUndeliveredException>(() => ask);
            Assert.Equal((5u, reason), (undelivered.Domid, undelivered.Reason));
            Assert.DoesNotContain(reason.ToString(), undelivered.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_reason_for_an_answer_is_no_reason_for_an_ask_of_the_same_number()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            Task<ControlMessage> ask = port.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            XcsRecord request = await session.HeardAsync();

            // The daemon numbers its requests from 1.
            for (uint number = 1; number < 4; number++)
            {
                XcsRecord undelivered = XcsRecord.ForMessage(RecordType.Undelivered, 5, 0, PlayedSession.Message(1));
                undelivered.Reason = UndeliveredReason.LockedOut;
                await session.SayAsync(undelivered with { Correlation = number });
            }

            XcsRecord late = XcsRecord.ForMessage(RecordType.Undelivered, 5, 0, PlayedSession.Message(1));
            late.Reason = UndeliveredReason.AlreadyAnswered;
            await session.SayAsync(late);
            await AnswerAsync(session, 1, "fine", request.Correlation);
            Assert.Equal("fine", Text(await ask));
            Assert.Equal(1, notifier.AnswersTooLate);
            await foreach (NotifierEvent happened in notifier.ReadEventsAsync(Cancel))
            {
                Assert.Equal(
                    (NotifierEventKind.Undelivered, 5u, UndeliveredReason.LockedOut),
                    (happened.Kind, happened.Domid, happened.Reason));
                break;
            }
        }
    }

    [Fact]
    public async Task More_than_the_limit_wait_for_their_turn()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options with { MaxAsks = 2 });
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            Task<ControlMessage>[] asks =
                [.. Enumerable.Range(1, 3).Select(id => port.AskAsync(PlayedSession.Message((byte)id), cancel: Cancel))];
            XcsRecord first = await session.HeardAsync();
            await session.HeardAsync();

            // What comes next on the wire is not the third ask, which waits.
            await port.SendRequestAsync(PlayedSession.Message(9), Cancel);
            Assert.Equal(9, (await session.HeardAsync()).Message.Id);
            await AnswerAsync(session, 1, "go", first.Correlation);
            await asks[0];
            Assert.Equal(3, (await session.HeardAsync()).Message.Id);
        }
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_and_an_answer_that_could_not_come_is_said_at_once()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5, MessageType.Debug);
            await Assert.ThrowsAsync<InvalidOperationException>(
                () => port.AskAsync(PlayedSession.Message(1), cancel: Cancel));
            using CancellationTokenSource impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            Task<ControlMessage> ask = port.AskAsync(PlayedSession.Message(1, MessageType.Debug), cancel: impatient.Token);
            await session.HeardAsync();
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ask);
            await port.DisposeAsync();
            await Assert.ThrowsAsync<XcsDisconnectedException>(
                () => port.AskAsync(PlayedSession.Message(1, MessageType.Debug), cancel: Cancel));
        }
    }

    private static Task AnswerAsync(PlayedSession session, byte id, string text, uint correlation = 0)
        => session.SayAsync(XcsRecord.ForMessage(
            RecordType.Response,
            5,
            15,
            ControlMessage.Create(MessageType.Console, 0, id, System.Text.Encoding.ASCII.GetBytes(text))) with
        {
            Correlation = correlation,
        });

    private static string Text(ControlMessage message) => System.Text.Encoding.ASCII.GetString(message.Data);
}
