using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests.Ports;

public sealed class ReconnectTests : IDisposable
{
    private readonly PlayedSwitch _switch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NotifierOptions Plain => _switch.Options with { Extensions = Extensions.None };

    public void Dispose() => _switch.Dispose();

    [Fact]
    public async Task Within_the_window_it_comes_back_by_its_id_and_binds_nothing()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            await using IAsyncEnumerator<NotifierEvent> events = notifier.ReadEventsAsync(Cancel).GetAsyncEnumerator(Cancel);
            await session.RequestAsync(5, 1);
            GuestMessage unanswered = await NotifierTests.NextAsync(port);
            Task<ControlMessage> ask = port.AskAsync(PlayedSession.Message(3), cancel: Cancel);
            await session.HeardAsync();
            await session.RequestAsync(5, 2);
            session.Dispose();

            // What was under way fails, what was not is kept for the next connection.
            await Assert.ThrowsAsync<XcsDisconnectedException>(() => ask);
            Assert.Equal(NotifierEventKind.Disconnected, await NextAsync(events));
            Assert.False(await port.AnswerAsync(unanswered, Cancel));
            ask = port.AskAsync(PlayedSession.Message(4), cancel: Cancel);

            PlayedSession back = await _switch.GreetAsync(2);
            back.Serve();
            Assert.Equal(1UL, back.Hello.SessionId);
            Assert.Equal(NotifierEventKind.Resumed, await NextAsync(events));
            Assert.Equal(4, (await back.HeardAsync()).Message.Id);
            await back.RequestAsync(5, 1);
            GuestMessage again = await NotifierTests.NextAsync(port);
            Assert.Equal((1, 0UL), (again.Message.Id, again.Missed));
            Assert.True(await port.AnswerAsync(again, Cancel));
            Assert.False(await port.AnswerAsync(unanswered, Cancel));
            await port.DisposeAsync();
            Assert.Equal(RecordType.Unbind, (await back.AskedAsync()).Type);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_a_new_session_all_that_was_open_is_bound_again_and_what_was_closed_is_not(bool extended)
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(extended ? _switch.Options : Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(new PortOptions { Domid = 5, LocalPort = 31, RemotePort = 2 }, Cancel);
            Port closed = await notifier.OpenPortAsync(6);
            await notifier.SubscribeAsync(MessageType.Console, MessageType.Debug);
            VirtualInterrupt virq = await notifier.BindVirqAsync(3, Cancel);
            await closed.DisposeAsync();
            await using IAsyncEnumerator<NotifierEvent> events = notifier.ReadEventsAsync(Cancel).GetAsyncEnumerator(Cancel);
            session.Dispose();
            await _switch.GreetAsync(0, RecordResult.BadSession);
            PlayedSession fresh = await _switch.GreetAsync(2);
            fresh.Serve();
            Assert.Equal(0UL, fresh.Hello.SessionId);

            Assert.Equal(RecordType.VirqBind, (await fresh.AskedAsync()).Type);
            await NotifierTests.CheckAskedAsync(fresh, RecordType.Bind, 103, ProtocolLimits.TypeVirq);
            await NotifierTests.CheckAskedAsync(fresh, RecordType.Bind, ProtocolLimits.PortWildcard, 0);
            await NotifierTests.CheckAskedAsync(fresh, RecordType.Bind, ProtocolLimits.PortWildcard, 11);
            XcsRecord open = await fresh.AskedAsync();
            Assert.Equal(
                (RecordType.OpenInterface, 5u, 0, 2),
                (open.Type, open.InterfaceDomain, open.InterfaceLocalPort, open.InterfaceRemotePort));
            XcsRecord bind = await fresh.AskedAsync();
            Assert.Equal(
                extended ? (RecordType.BindDomain, 5u, ProtocolLimits.TypeWildcard) : (RecordType.Bind, 15u, ProtocolLimits.TypeWildcard),
                (bind.Type, bind.RemoteDomain, bind.BindType));
            Assert.Equal(NotifierEventKind.Disconnected, await NextAsync(events));
            Assert.Equal(NotifierEventKind.Renewed, await NextAsync(events));
            Assert.Equal(15, port.Ports.Local);
            await fresh.SayAsync(new XcsRecord { Type = RecordType.Virq, LocalPort = 103 });
            Assert.Equal(1, await virq.WaitAsync(Cancel));
        }
    }

    [Fact]
    public async Task What_is_closed_while_there_is_no_connection_is_given_back_when_there_is_one()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            VirtualInterrupt virq = await notifier.BindVirqAsync(3, Cancel);
            await using IAsyncEnumerator<NotifierEvent> events = notifier.ReadEventsAsync(Cancel).GetAsyncEnumerator(Cancel);
            session.Dispose();
            Assert.Equal(NotifierEventKind.Disconnected, await NextAsync(events));

            // The daemon has not noticed yet.
            await _switch.GreetAsync(0, RecordResult.ConnectionInUse);
            await port.DisposeAsync();
            await virq.DisposeAsync();
            PlayedSession back = await _switch.GreetAsync(2);
            back.Serve();
            Assert.Equal(1UL, back.Hello.SessionId);
            Assert.Equal(NotifierEventKind.Resumed, await NextAsync(events));
            await NotifierTests.CheckAskedAsync(back, RecordType.Unbind, 15, ProtocolLimits.TypeWildcard);
            Assert.Equal(RecordType.CloseInterface, (await back.AskedAsync()).Type);
            await NotifierTests.CheckAskedAsync(back, RecordType.Unbind, 103, ProtocolLimits.TypeVirq);
        }
    }

    [Fact]
    public async Task What_comes_while_the_rest_is_still_being_bound_is_answered()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await using (notifier)
        {
            Port first = await notifier.OpenPortAsync(5);
            await notifier.OpenPortAsync(6);
            session.Dispose();
            await _switch.GreetAsync(0, RecordResult.BadSession);
            PlayedSession fresh = await _switch.GreetAsync(2);
            using ManualResetEventSlim answered = new();
            fresh.Serve(record =>
            {
                if (record.Type == RecordType.OpenInterface && record.InterfaceDomain == 6)
                {
                    Assert.True(answered.Wait(Transcript.DefaultDeadline));
                }

                return RecordResult.Ok;
            });
            await fresh.RequestAsync(5, 1);
            Assert.True(await first.AnswerAsync(await NotifierTests.NextAsync(first), Cancel));
            Assert.False(notifier.IsConnected);
            Assert.Equal(RecordType.Response, (await fresh.HeardAsync()).Type);
            answered.Set();
        }
    }

    [Fact]
    public async Task A_port_that_the_new_session_is_refused_is_asked_for_again_and_then_ends()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(
            Plain with { RestoreWithin = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromMilliseconds(20) });
        session.Serve();
        await using (notifier)
        {
            Port later = await notifier.OpenPortAsync(5);
            Port never = await notifier.OpenPortAsync(6);
            await using IAsyncEnumerator<NotifierEvent> events = notifier.ReadEventsAsync(Cancel).GetAsyncEnumerator(Cancel);
            Task reading = NotifierTests.EnumerateAsync(never.ReadRequestsAsync(Cancel));
            session.Dispose();
            await _switch.GreetAsync(0, RecordResult.BadSession);
            PlayedSession fresh = await _switch.GreetAsync(2);
            int asked = 0;
            fresh.Serve(record => record.Type == RecordType.OpenInterface
                && (record.InterfaceDomain == 6 || ++asked < 3) ? RecordResult.Failed : RecordResult.Ok);
            Assert.Equal(NotifierEventKind.Disconnected, await NextAsync(events));
            Assert.Equal(NotifierEventKind.Renewed, await NextAsync(events));
            Assert.Equal(NotifierEventKind.PortEnded, await NextAsync(events));
            Assert.Equal(6u, events.Current.Domid);
            await Assert.ThrowsAsync<XcsRefusedException>(() => reading);
            Assert.Equal(3, asked);
            await fresh.RequestAsync(5, 8);
            Assert.Equal(8, (await NotifierTests.NextAsync(later)).Message.Id);
        }
    }

    [Fact]
    public async Task Without_reconnecting_the_end_of_the_connection_is_the_end()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain with { Reconnect = false });
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            await session.RequestAsync(5, 1);
            Assert.Equal(1, (await NotifierTests.NextAsync(port)).Message.Id);
            session.Dispose();
            await Assert.ThrowsAsync<XcsDisconnectedException>(
                () => NotifierTests.EnumerateAsync(port.ReadRequestsAsync(Cancel)));
            await Assert.ThrowsAsync<XcsDisconnectedException>(() => notifier.OpenPortAsync(6));
            await Assert.ThrowsAsync<XcsDisconnectedException>(
                () => port.AskAsync(PlayedSession.Message(1), cancel: Cancel));
        }
    }

    [Fact]
    public async Task Attempts_come_at_longer_and_longer_times_up_to_a_bound_and_end_when_told()
    {
        HurriedTime time = new();
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain with
        {
            FirstDelay = TimeSpan.FromSeconds(1),
            MaxDelay = TimeSpan.FromSeconds(8),
            GiveUpAfter = TimeSpan.FromSeconds(60),
            TimeProvider = time,
        });
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            _switch.Server.Dispose();
            session.Dispose();
            await Assert.ThrowsAsync<XcsUnavailableException>(
                () => NotifierTests.EnumerateAsync(port.ReadRequestsAsync(Cancel)));
        }

        // Zero is no timer; each is between half of its bound and all of it.
        double[] seconds = [.. time.Delays.Select(delay => delay.TotalSeconds)];
        Assert.InRange(seconds.Length, 6, 20);
        double bound = 1;
        foreach (double delay in seconds)
        {
            Assert.InRange(delay, bound / 2, bound);
            bound = Math.Min(bound * 2, 8);
        }

        Assert.NotEqual(8, seconds[^1]);
    }

    [Fact]
    public async Task Disposing_ends_the_attempts_and_the_waits_for_a_connection()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(
            Plain with { FirstDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) });
        session.Serve();
        Port port = await notifier.OpenPortAsync(5);
        _switch.Server.Dispose();
        Task reading = NotifierTests.EnumerateAsync(port.ReadRequestsAsync(Cancel));
        session.Dispose();
        Task<ControlMessage> ask = port.AskAsync(PlayedSession.Message(1), TimeSpan.FromHours(1), Cancel);
        await notifier.DisposeAsync().AsTask().WaitAsync(Transcript.DefaultDeadline, Cancel);
        await reading.WaitAsync(Transcript.DefaultDeadline, Cancel);
        await Assert.ThrowsAnyAsync<Exception>(() => ask.WaitAsync(Transcript.DefaultDeadline, Cancel));
    }

    [Fact]
    public async Task Disposing_ends_a_session_that_is_being_restored()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(Plain);
        session.Serve();
        await notifier.OpenPortAsync(5);
        session.Dispose();
        await _switch.GreetAsync(0, RecordResult.BadSession);

        // It answers nothing that it is asked.
        await _switch.GreetAsync(2);
        await notifier.DisposeAsync().AsTask().WaitAsync(Transcript.DefaultDeadline, Cancel);
        Assert.False(notifier.IsConnected);
    }

    [Fact]
    public async Task Only_the_last_happenings_wait_for_their_reader()
    {
        const int Kept = 64;
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        await using (notifier)
        {
            Port port = await notifier.OpenPortAsync(5);
            for (ulong i = 1; i <= Kept + 3; i++)
            {
                await session.SayAsync(new XcsRecord { Type = RecordType.Gap, Lost = i });
            }

            await session.RequestAsync(5, 1);
            await NotifierTests.NextAsync(port);
            await foreach (NotifierEvent happened in notifier.ReadEventsAsync(Cancel))
            {
                Assert.Equal((NotifierEventKind.Gap, 4UL, 3UL), (happened.Kind, happened.Lost, happened.Missed));
                break;
            }
        }
    }

    private static async Task<NotifierEventKind> NextAsync(IAsyncEnumerator<NotifierEvent> events)
    {
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Transcript.DefaultDeadline, Cancel));
        return events.Current.Kind;
    }

    /// <summary>Time passes by being waited for: each delay is noted, and over at once.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        private readonly Lock _lock = new();
        private readonly List<TimeSpan> _delays = [];
        private TimeSpan _passed;

        public IReadOnlyList<TimeSpan> Delays
        {
            get
            {
                lock (_lock)
                {
                    return [.. _delays];
                }
            }
        }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            lock (_lock)
            {
                return _passed.Ticks;
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            // Ten seconds is an attempt's patience, which nothing here needs.
            bool isDelay = dueTime > TimeSpan.Zero && dueTime < TimeSpan.FromSeconds(10);
            lock (_lock)
            {
                if (isDelay)
                {
                    _delays.Add(dueTime);
                    _passed += dueTime;
                }
            }

            return System.CreateTimer(callback, state, isDelay ? TimeSpan.Zero : dueTime, period);
        }
    }
}
