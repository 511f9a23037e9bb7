using Mono.Unix.Native;

using XcsSharp.Client;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The library's notifier and ports, against the real daemon and real guests.</summary>
public sealed class NotifierTests
{
    private const MessageType Streamed = MessageType.BlockBackEnd;

    /// <summary>
    /// Three guests stream to three ports while the daemon is killed and started anew, with a question to a fourth guest under
    /// way. Each message comes at least once and in order, whether the session is extended or not.
    /// </summary>
    [Theory]
    [InlineData(Extensions.None)]
    [InlineData(Extensions.All)]
    public async Task A_killed_daemon_costs_its_ports_nothing_that_was_not_answered(Extensions extensions)
    {
        const int Bytes = 30_000;
        const int Guests = 3;
        await using Lab lab = await Lab.StartAsync("--Switching:UnboundGrace=60s");
        (GuestProgram mute, uint muteDomid) = await lab.ConsoleGuestAsync("mute");
        await using Notifier notifier = await Notifier.ConnectAsync(
            new NotifierOptions { Path = lab.Places.Xcs, Extensions = extensions, MaxDelay = TimeSpan.FromSeconds(1) }, Lab.Cancel);
        await using IAsyncEnumerator<NotifierEvent> events = notifier.ReadEventsAsync(Lab.Cancel).GetAsyncEnumerator(Lab.Cancel);
        Port asked = await notifier.OpenPortAsync(muteDomid);
        mute.Process.Signal(Signum.SIGSTOP);
        Task<ControlMessage> ask = asked.AskAsync(Console(9), TimeSpan.FromMinutes(5), Lab.Cancel);

        Reader[] readers = new Reader[Guests];
        for (int i = 0; i < Guests; i++)
        {
            readers[i] = await StartAsync(lab, notifier, $"dom{i}", classic: i == 1, Bytes);
        }

        await Task.WhenAll(readers.Select(reader => reader.HalfWay));
        Array.ForEach(readers, reader => reader.MayRepeat = true);
        ulong first = notifier.SessionId;
        await lab.Daemon.Kill9Async(Lab.Cancel);
        XcsDisconnectedException lost = await Assert.ThrowsAsync<XcsDisconnectedException>(() => ask);
        Assert.Contains($"domain {muteDomid}", lost.Message, StringComparison.Ordinal);
        Assert.Equal(NotifierEventKind.Disconnected, await NextAsync(events));
        mute.Process.Signal(Signum.SIGCONT);
        Task<ControlMessage> meanwhile = asked.AskAsync(Console(10), TimeSpan.FromMinutes(1), Lab.Cancel);
        await lab.RestartAsync();

        Assert.Equal(NotifierEventKind.Renewed, await NextAsync(events));
        Assert.NotEqual(first, notifier.SessionId);
        await Task.WhenAll(readers.Select(reader => reader.All)).WaitAsync(TimeSpan.FromSeconds(60), Lab.Cancel);
        Lab.Print($"came again: {string.Join(", ", readers.Select(reader => reader.Received.Repeated))} bytes");
        Assert.All(readers, reader => Assert.Equal(Bytes, reader.Received.Position));
        Assert.All(
            readers,
            reader => Assert.InRange(reader.Received.Repeated, 0, ProtocolLimits.RingSlots * ProtocolLimits.MaxPayload));
        Assert.Equal(10, (await AnswerOfAsync(asked, meanwhile)).Id);
        Assert.Equal(0UL, (await lab.StatusAsync()).AnsweredByDaemon);
    }

    [Theory]
    [InlineData(Extensions.None)]
    [InlineData(Extensions.All)]
    public async Task A_connection_that_is_cut_comes_back_to_its_session_and_what_was_not_answered_comes_again(Extensions extensions)
    {
        await using Lab lab = await Lab.StartAsync();
        await using SocketRelay relay = new(lab.Places.Xcs);
        await using GuestProgram guest = GuestProgram.Start(lab.Machine, new GuestOptions("dom"), ["console", "--type", "1"]);
        DomainEntry entry = await lab.ConnectedAsync("dom");
        await using Notifier notifier = await Notifier.ConnectAsync(
            new NotifierOptions { Path = relay.Path, Extensions = extensions }, Lab.Cancel);
        await using IAsyncEnumerator<NotifierEvent> events = notifier.ReadEventsAsync(Lab.Cancel).GetAsyncEnumerator(Lab.Cancel);
        ulong session = notifier.SessionId;
        Port port = await notifier.OpenPortAsync(entry.Domid);
        Assert.Equal(entry.LocalPort, port.Ports.Local);
        await guest.WriteAsync("once", Lab.Cancel);
        GuestMessage unanswered = await NextAsync(port);

        relay.Cut();
        Assert.Equal(NotifierEventKind.Disconnected, await NextAsync(events));
        Assert.Equal(NotifierEventKind.Resumed, await NextAsync(events));
        Assert.Equal(session, notifier.SessionId);
        GuestMessage again = await NextAsync(port);
        Assert.Equal("once", Text(again));
        Assert.Equal((false, extensions == Extensions.All), (unanswered.MayBeRepeated, again.MayBeRepeated));
        Assert.False(await port.AnswerAsync(unanswered, Lab.Cancel));
        Assert.True(await port.AnswerAsync(again, Lab.Cancel));
        await guest.WriteAsync("and on", Lab.Cancel);
        GuestMessage next = await NextAsync(port);
        Assert.Equal("and on", Text(next));
        Assert.False(next.MayBeRepeated);
        Assert.True(await port.AnswerAsync(next, Lab.Cancel));
        Assert.Equal(11, (await port.AskAsync(Console(11), cancel: Lab.Cancel)).Id);
        Assert.Equal(0UL, (await lab.StatusAsync()).AnsweredByDaemon);
    }

    [Fact]
    public async Task A_port_by_domain_outlives_the_guests_channel_and_ends_with_the_domain()
    {
        await using Lab lab = await Lab.StartAsync();
        await using Notifier notifier = await Notifier.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        Assert.Equal(Extensions.All, notifier.Extensions);
        await using IAsyncEnumerator<DomainNews> news = notifier.ReadNewsAsync(Lab.Cancel).GetAsyncEnumerator(Lab.Cancel);
        Assert.Equal(DomainNewsKind.Complete, (await NextAsync(news)).Kind);

        (ChildProcess holder, uint domid) = await lab.Machine.CreateAsync(new GuestOptions("web"), console: false, Lab.Cancel);
        await using ChildProcess owned = holder;
        DomainNews told = await NextAsync(news);
        while (told.Name != "web")
        {
            told = await NextAsync(news);
        }

        Assert.Equal((DomainNewsKind.Exists, domid, default(InterfacePorts)), (told.Kind, told.Domid, told.Ports));
        Port port = await notifier.OpenPortAsync(new PortOptions { Domid = domid, OpenInterface = false }, Lab.Cancel);
        XcsUndeliveredException none = await Assert.ThrowsAsync<XcsUndeliveredException>(
            () => port.AskAsync(Console(1), cancel: Lab.Cancel));
        Assert.Equal(UndeliveredReason.NoChannel, none.Reason);
        await Assert.ThrowsAsync<XcsRefusedException>(() => notifier.OpenPortAsync(4711));

        Task reading = ReadToEndAsync(port);
        await holder.Kill9Async(Lab.Cancel);
        while (told.Kind != DomainNewsKind.Gone)
        {
            told = await NextAsync(news);
        }

        Assert.Equal(domid, told.Domid);
        await reading.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await Assert.ThrowsAsync<XcsDisconnectedException>(() => port.AskAsync(Console(2), cancel: Lab.Cancel));
    }

    /// <summary>The daemon's queue for a session is 64 KiB here; the flood is far more than that.</summary>
    [Fact]
    public async Task A_reader_that_never_reads_costs_neither_the_guests_nor_the_other_ports_anything()
    {
        await using Lab lab = await Lab.StartAsync("--Switching:SessionQueueBytes=64KiB");
        await using Notifier notifier = await Notifier.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        await notifier.SubscribeAsync(MessageType.Console);
        await using GuestProgram guest = GuestProgram.Start(lab.Machine, new GuestOptions("dom"), ["console", "--type", "1"]);
        Port port = await notifier.OpenPortAsync((await lab.ConnectedAsync("dom")).Domid, Streamed);

        // Answered by the console handler.
        await using GuestProgram flood = GuestProgram.Start(
            lab.Machine, new GuestOptions("flood"), ["flood", "--messages", "5000"]);
        Assert.Equal(0, await flood.Process.WaitAsync(Lab.Cancel));
        await guest.WriteAsync("hello", Lab.Cancel);
        GuestMessage request = await NextAsync(port);
        Assert.Equal("hello", Text(request));
        Assert.True(await port.AnswerAsync(request, Lab.Cancel));
        Assert.Equal(0UL, (await lab.StatusAsync()).SlowSessionsClosed);
    }

    private static ControlMessage Console(byte id) => ControlMessage.Create(MessageType.Console, 0, id, "x"u8);

    private static string Text(in GuestMessage message)
    {
        ControlMessage copy = message.Message;
        return System.Text.Encoding.ASCII.GetString(copy.Data);
    }

    /// <summary>A channel that the restarted daemon has yet to find is no answer: asked again until it is one.</summary>
    private static async Task<ControlMessage> AnswerOfAsync(Port port, Task<ControlMessage> ask)
    {
        while (true)
        {
            try
            {
                return await ask;
            }
            catch (XcsUndeliveredException early) when (early.Reason is UndeliveredReason.NoChannel)
            {
                ask = port.AskAsync(Console(10), TimeSpan.FromMinutes(1), Lab.Cancel);
            }
        }
    }

    private static async Task<Reader> StartAsync(Lab lab, Notifier notifier, string name, bool classic, int bytes)
    {
        SeededStream sent = Lab.Seeded(name);
        GuestProgram guest = lab.Own(GuestProgram.Start(
            lab.Machine, new GuestOptions(name, Classic: classic), ["console", "--type", "1"]));
        Port port = await notifier.OpenPortAsync((await lab.ConnectedAsync(name)).Domid, Streamed, MessageType.Console);
        return new Reader(port, sent, bytes, guest.WriteAsync(sent.Take(0, bytes), Lab.Cancel));
    }

    private static async Task<GuestMessage> NextAsync(Port port)
    {
        GuestMessage[] one = new GuestMessage[1];
        Assert.Equal(1, await port.ReceiveRequestsAsync(one, Lab.Cancel).AsTask().WaitAsync(Transcript.DefaultDeadline, Lab.Cancel));
        return one[0];
    }

    private static async Task<NotifierEventKind> NextAsync(IAsyncEnumerator<NotifierEvent> events)
    {
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Transcript.DefaultDeadline, Lab.Cancel));
        Lab.Print($"{events.Current}");
        return events.Current.Kind;
    }

    private static async Task<DomainNews> NextAsync(IAsyncEnumerator<DomainNews> news)
    {
        Assert.True(await news.MoveNextAsync().AsTask().WaitAsync(Transcript.DefaultDeadline, Lab.Cancel));
        return news.Current;
    }

    private static async Task ReadToEndAsync(Port port)
    {
        await foreach (GuestMessage request in port.ReadRequestsAsync(Lab.Cancel))
        {
            await port.AnswerAsync(request, Lab.Cancel);
        }
    }

    /// <summary>Reads one guest's stream and answers each message.</summary>
    private sealed class Reader
    {
        private readonly TaskCompletionSource _half = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _mayRepeat;

        public Reader(Port port, SeededStream sent, int bytes, Task writing)
        {
            Received = new RepeatedStream(sent);
            All = Task.WhenAll(writing, Task.Run(() => ReadAsync(port, bytes)));
        }

        public RepeatedStream Received { get; }

        /// <summary>The daemon is being killed: what it did not pass on comes again, as much as a ring holds.</summary>
        public bool MayRepeat
        {
            get => Volatile.Read(ref _mayRepeat);
            set => Volatile.Write(ref _mayRepeat, value);
        }

        public Task HalfWay => Task.WhenAny(_half.Task, All).Unwrap();

        public Task All { get; }

        private async Task ReadAsync(Port port, int bytes)
        {
            await foreach (GuestMessage request in port.ReadRequestsAsync(Lab.Cancel))
            {
                Assert.Equal(0UL, request.Missed);
                ControlMessage message = request.Message;
                if (MayRepeat)
                {
                    Received.ExpectRepeats();
                }

                Received.Accept(message.Data);
                await port.AnswerAsync(request, Lab.Cancel);
                if (Received.Position >= bytes / 2)
                {
                    _half.TrySetResult();
                }

                if (Received.Position >= bytes)
                {
                    return;
                }
            }
        }
    }
}
