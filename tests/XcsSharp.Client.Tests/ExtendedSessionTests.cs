using XcsSharp.Client.Tests.Ports;
using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests;

/// <summary>Opting in (src/XcsSharp.Protocol/README.md), and what a session and a notifier do with what they are granted.</summary>
public sealed class ExtendedSessionTests : IDisposable
{
    private readonly PlayedSwitch _switch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _switch.Dispose();

    [Fact]
    public async Task The_hello_is_laid_out_as_described_and_what_is_granted_is_kept()
    {
        Task<XcsSession> connecting = XcsSession.ConnectAsync(
            new XcsSessionOptions { Path = _switch.Server.Path, Extensions = Extensions.All, Credit = 500 }, Cancel);
        using ServerConnection control = await _switch.Server.AcceptAsync(Cancel);
        byte[] hello = await control.ReceiveBytesAsync(ProtocolLimits.RecordSize, Cancel);
        byte[] expected = new byte[ProtocolLimits.RecordSize];
        BitConverter.TryWriteBytes(expected, 0x100);
        BitConverter.TryWriteBytes(expected.AsSpan(4), uint.MaxValue);
        BitConverter.TryWriteBytes(expected.AsSpan(16), 1);
        BitConverter.TryWriteBytes(expected.AsSpan(20), 31);
        BitConverter.TryWriteBytes(expected.AsSpan(24), 500);
        Assert.Equal(expected, hello);

        XcsRecord agreed = XcsRecord.Read(hello) with { Result = RecordResult.Ok, SessionId = 9, Extensions = Extensions.News };
        await control.SendAsync(agreed, Cancel);
        using ServerConnection data = await _switch.Server.AcceptAsync(Cancel);
        await data.SendAsync(await data.ReceiveAsync(Cancel), Cancel);
        await using XcsSession session = await connecting;
        Assert.Equal((9UL, true, Extensions.News), (session.Id, session.IsExtended, session.Extensions));

        // Not granted: the number is not sent.
        await session.SendRequestAsync(5, PlayedSession.Message(1), Cancel, correlation: 3);
        Assert.Equal(0u, (await data.ReceiveAsync(Cancel)).Correlation);
    }

    [Fact]
    public async Task A_peer_that_echoes_is_asked_again_as_in_2005()
    {
        Task<Notifier> connecting = Notifier.ConnectAsync(_switch.Options, Cancel);
        using (ServerConnection stranger = await _switch.Server.AcceptAsync(Cancel))
        {
            await stranger.SendAsync(await stranger.ReceiveAsync(Cancel), Cancel);
            await stranger.WaitForEndAsync(Cancel);
        }

        PlayedSession session = await _switch.GreetAsync(4);
        session.Serve();
        Assert.Equal(RecordType.ConnectControl, session.Hello.Type);
        await using Notifier notifier = await connecting;
        Assert.Equal((Extensions.None, 4UL), (notifier.Extensions, notifier.SessionId));
        Port port = await notifier.OpenPortAsync(5);
        Assert.Equal(RecordType.OpenInterface, (await session.AskedAsync()).Type);
        await NotifierTests.CheckAskedAsync(session, RecordType.Bind, port.Ports.Local, ProtocolLimits.TypeWildcard);
    }

    [Fact]
    public async Task A_refused_hello_is_a_refusal_and_no_reason_to_fall_back()
    {
        Task<XcsSession> connecting = XcsSession.ConnectAsync(
            new XcsSessionOptions { Path = _switch.Server.Path, Extensions = Extensions.News, SavedId = 8 }, Cancel);
        PlayedSession refused = await _switch.GreetAsync(0, RecordResult.BadSession);
        Assert.Equal((RecordType.ConnectExtended, 8UL), (refused.Hello.Type, refused.Hello.SessionId));
        XcsRefusedException refusal = await Assert.ThrowsAsync<XcsRefusedException>(() => connecting);
        Assert.Equal(RecordType.ConnectExtended, refusal.Operation);
    }

    [Theory]
    [InlineData(0, Extensions.None)]
    [InlineData(1_000_001, Extensions.None)]
    [InlineData(1, (Extensions)32)]
    public async Task Options_out_of_range_are_refused_before_anything_is_sent(int credit, Extensions extensions)
        => await Assert.ThrowsAnyAsync<ArgumentException>(() => XcsSession.ConnectAsync(
            new XcsSessionOptions { Path = "/nonexistent", Credit = credit, Extensions = extensions }, Cancel));

    [Theory]
    [InlineData(10)]
    [InlineData(1)]
    public async Task Credit_is_given_back_when_half_of_it_is_taken_and_never_twice(int window)
    {
        (XcsSession session, PlayedSession played) = await ConnectAsync(Extensions.Credit, window);
        await using (session)
        {
            int step = Math.Max(1, window / 2);
            played.Serve();
            XcsRecord[] one = new XcsRecord[1];
            for (byte i = 0; i < window; i++)
            {
                await played.RequestAsync(5, i);
            }

            uint given = 0;
            for (int i = 0; i < window; i++)
            {
                await session.ReceiveAsync(one, Cancel);
                if (i > 0 && i % step == 0)
                {
                    XcsRecord credit = await played.AskedAsync();
                    Assert.Equal((RecordType.Credit, (uint)step), (credit.Type, credit.Credit));
                    given += credit.Credit;
                }
            }

            // Given before a wait for more, and a wait that is cancelled does not give it again.
            using CancellationTokenSource impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            Task<int> waiting = session.ReceiveAsync(one, impatient.Token).AsTask();
            given += (await played.AskedAsync()).Credit;
            Assert.Equal((uint)window, given);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            waiting = session.ReceiveAsync(one, Cancel).AsTask();
            await session.BindDomainAsync(7, 1, Cancel);
            Assert.Equal(RecordType.BindDomain, (await played.AskedAsync()).Type);
            await played.RequestAsync(5, 1);
            Assert.Equal(1, await waiting);
        }
    }

    [Fact]
    public async Task Domains_are_bound_in_an_extended_session_only()
    {
        (XcsSession session, PlayedSession played) = await ConnectAsync(Extensions.Reasons, 10);
        played.Serve(static record => record.RemoteDomain == 4 ? RecordResult.Failed : RecordResult.Ok);
        await using (session)
        {
            await session.BindDomainAsync(3, cancel: Cancel);
            XcsRecord bind = await played.AskedAsync();
            Assert.Equal(
                (RecordType.BindDomain, 3u, ProtocolLimits.TypeWildcard), (bind.Type, bind.RemoteDomain, bind.BindType));
            await session.UnbindDomainAsync(3, 6, Cancel);
            bind = await played.AskedAsync();
            Assert.Equal((RecordType.UnbindDomain, 3u, (ushort)6), (bind.Type, bind.RemoteDomain, bind.BindType));
            await Assert.ThrowsAsync<XcsRefusedException>(() => session.BindDomainAsync(4, cancel: Cancel));
        }

        (session, played) = await ConnectAsync(Extensions.None, 10);
        await using (session)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => session.BindDomainAsync(3, cancel: Cancel));
        }
    }

    [Fact]
    public async Task News_are_the_latest_of_each_domain_and_end_its_port()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        await using (notifier)
        {
            Port five = await notifier.OpenPortAsync(new PortOptions { Domid = 5, OpenInterface = false }, Cancel);
            Assert.Equal(default, five.Ports);
            Port six = await notifier.OpenPortAsync(6);
            await session.SayAsync(News(5, "a"));
            await session.SayAsync(News(6, "b"));
            await session.SayAsync(News(5, "a", local: 21));
            await session.SayAsync(new XcsRecord { Type = RecordType.DomainNews });
            await session.RequestAsync(6, 1);
            await NotifierTests.NextAsync(six);
            Assert.Equal(new InterfacePorts(21, 1), five.Ports);

            await using IAsyncEnumerator<DomainNews> news = notifier.ReadNewsAsync(Cancel).GetAsyncEnumerator(Cancel);
            Assert.Equal(
                new DomainNews(DomainNewsKind.Exists, 5, 1, new InterfacePorts(21, 1), "a"), await NextAsync(news));
            Assert.Equal((6u, "b"), ((await NextAsync(news)) is var second ? second.Domid : 0, second.Name));
            Assert.Equal(DomainNewsKind.Complete, (await NextAsync(news)).Kind);

            // Gone while it is asked: both are told.
            Task<ControlMessage> ask = five.AskAsync(PlayedSession.Message(1), cancel: Cancel);
            await session.HeardAsync();
            await session.RequestAsync(5, 77);
            await session.SayAsync(News(5, "a") with { News = DomainNewsKind.Gone });
            Assert.Equal((DomainNewsKind.Gone, 5u), ((await NextAsync(news)) is var gone ? gone.Kind : 0, gone.Domid));
            XcsUndeliveredException undelivered = await Assert.ThrowsAsync<XcsUndeliveredException>(() => ask);
            Assert.Equal(UndeliveredReason.NoSuchDomain, undelivered.Reason);
            Assert.Equal(77, (await NotifierTests.NextAsync(five)).Message.Id);
            Assert.Equal(0, await five.ReceiveRequestsAsync(new GuestMessage[1], Cancel));

            // Its successor is another one, and the old port's end takes nothing of it.
            await using Port successor = await notifier.OpenPortAsync(5);
            while ((await session.AskedAsync()).Type != RecordType.BindDomain || session.LastDomain != 5)
            {
            }

            await five.DisposeAsync();
            await six.DisposeAsync();
            XcsRecord unbound = await session.AskedAsync();
            while (unbound.Type != RecordType.UnbindDomain)
            {
                unbound = await session.AskedAsync();
            }

            Assert.Equal(6u, unbound.RemoteDomain);
        }
    }

    [Fact]
    public async Task Who_is_not_told_again_after_a_gap_or_a_new_connection_is_gone()
    {
        (Notifier notifier, PlayedSession session) = await _switch.ConnectAsync(_switch.Options);
        session.Serve();
        await using (notifier)
        {
            await using IAsyncEnumerator<DomainNews> news = notifier.ReadNewsAsync(Cancel).GetAsyncEnumerator(Cancel);
            XcsRecord complete = new() { Type = RecordType.DomainNews };
            foreach (uint domid in (uint[])[1, 2, 3])
            {
                await session.SayAsync(News(domid, "x"));
                Assert.Equal(domid, (await NextAsync(news)).Domid);
            }

            await session.SayAsync(complete);
            Assert.Equal(DomainNewsKind.Complete, (await NextAsync(news)).Kind);

            await session.SayAsync(new XcsRecord { Type = RecordType.Gap, Lost = 3 });
            await session.SayAsync(News(1, "x"));
            await session.SayAsync(News(2, "x"));
            await session.SayAsync(complete);
            Assert.Equal(1u, (await NextAsync(news)).Domid);
            Assert.Equal(2u, (await NextAsync(news)).Domid);
            Assert.Equal((DomainNewsKind.Gone, 3u), ((await NextAsync(news)) is var third ? third.Kind : 0, third.Domid));
            Assert.Equal(DomainNewsKind.Complete, (await NextAsync(news)).Kind);

            session.Dispose();
            PlayedSession back = await _switch.GreetAsync(0);
            await back.SayAsync(News(2, "x"));
            await back.SayAsync(complete);
            Assert.Equal(2u, (await NextAsync(news)).Domid);
            Assert.Equal((DomainNewsKind.Gone, 1u), ((await NextAsync(news)) is var first ? first.Kind : 0, first.Domid));
            Assert.Equal(DomainNewsKind.Complete, (await NextAsync(news)).Kind);
        }
    }

    private static XcsRecord News(uint domid, string name, int local = 0) => new()
    {
        Type = RecordType.DomainNews,
        RemoteDomain = domid,
        News = DomainNewsKind.Exists,
        DomainLife = 1,
        DomainLocalPort = local,
        DomainRemotePort = local == 0 ? 0 : 1,
        DomainName = RecordName.Of(name),
    };

    private static async Task<DomainNews> NextAsync(IAsyncEnumerator<DomainNews> news)
    {
        Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(Transcript.DefaultDeadline, Cancel));
        return news.Current;
    }

    private async Task<(XcsSession Session, PlayedSession Played)> ConnectAsync(Extensions extensions, int credit)
    {
        Task<XcsSession> connecting = XcsSession.ConnectAsync(
            new XcsSessionOptions { Path = _switch.Server.Path, Extensions = extensions, Credit = credit }, Cancel);
        PlayedSession played = await _switch.GreetAsync(3);
        return (await connecting, played);
    }
}
