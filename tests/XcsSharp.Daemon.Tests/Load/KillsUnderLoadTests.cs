using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Daemon.Tests.Load;

/// <summary>kill -9 at any moment, again and again, while guests ask and print as fast as they are served.</summary>
/// <remarks><c>XCS_KILLS=1000</c> makes so many.</remarks>
public sealed class KillsUnderLoadTests
{
    private const ushort BlockBackEnd = (ushort)MessageType.BlockBackEnd;
    private const int MostMillisecondsOfALife = 40;

    /// <summary>More than a log could miss in one piece and still look whole.</summary>
    private const int Period = 64 << 20;

    /// <summary>
    /// Each request comes at least once, in order, and again at most as many as a ring holds; after the last kill every guest is served as
    /// if nothing had been. The log of the console has each byte once, in order, however often the daemon was killed while it wrote; where the disk was
    /// slower than the guest it has a mark, and the marks agree with the counters.
    /// </summary>
    [Fact]
    public async Task No_request_is_lost_and_no_guest_hangs_however_often_the_daemon_is_killed()
    {
        int kills = Lab.Times("XCS_KILLS", 20);
        await using Lab lab = await Lab.StartAsync(
            "--Switching:UnboundGrace=60s", "--Switching:GuestBytesPerSecond=0", "--Consoles:LogBytes=256 MiB", "--Consoles:LogFiles=1000");
        SeededStream all = Lab.Seeded("kills");
        Random random = new((int)(all.Seed % int.MaxValue));
        List<AskingGuest> guests = [await AskingGuest.StartAsync(lab, "granted", all), await AskingGuest.StartAsync(lab, "classic", all)];
        RingGuests kernels = lab.Own(new RingGuests(lab.Machine));
        (ChildProcess domain, uint domid) = await lab.Machine.CreateAsync(new GuestOptions("printing"), console: true, Lab.Cancel);
        lab.Own(domain);
        LetterText text = new(all.Fork("console"), Period);
        RingConsole printing = kernels.Begin(domid, text);
        Task printed = printing.PrintAsync(long.MaxValue / 2);

        long start = Stopwatch.GetTimestamp();
        for (int kill = 0; kill < kills; kill++)
        {
            long before = printing.Produced;
            using RecordSubscriber subscriber = await SubscribeAsync(lab);
            Task answering = AnswerAsync(subscriber, guests, static () => false);
            await Task.Delay(random.Next(MostMillisecondsOfALife), Lab.Cancel);
            await lab.Daemon.Kill9Async(Lab.Cancel);
            await answering;
            guests.ForEach(static guest => guest.Received.ExpectRepeats());
            await lab.RestartAsync(printLog: false);
            await PrintsOnAsync(lab, printing, before);
        }

        guests.ForEach(static guest => guest.Stop());
        await printing.StopAsync();
        await printed;
        using (RecordSubscriber last = await SubscribeAsync(lab))
        {
            await AnswerAsync(last, guests, () => guests.TrueForAll(static guest => guest.IsDone)).WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        }

        foreach (AskingGuest guest in guests)
        {
            await guest.Writing;
            Assert.Equal(guest.Written, guest.Received.Position);
            Lab.Print($"{guest.Name}: {guest.Written:N0} bytes of requests, {guest.Received.Repeated:N0} came again");
        }

        await CheckLogAsync(lab, text, printing.Produced);
        Assert.Equal(0UL, (await lab.StatusAsync()).AnsweredByDaemon);
        Lab.Print($"{kills} kills in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s; the console printed {printing.Produced:N0} bytes");
    }

    private static async Task CheckLogAsync(Lab lab, LetterText text, long produced)
    {
        DomainList list = await OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            list => list.Domains.SelectMany(static domain => domain.Consoles!).Any(
                console => console.Name == "printing" && (long)(console.BytesLogged + console.BytesNotLogged) == produced),
            $"{produced} bytes to be in the log, or counted as missing there",
            Lab.Cancel);
        ConsoleEntry entry = list.Domains.SelectMany(static domain => domain.Consoles!).First(static console => console.Name == "printing");
        ReaderAccount account = new("the log", text, start: 0);
        foreach (string file in Directory.GetFiles(lab.Places.LogDirectory, "guest-printing.log*").OrderByDescending(NumberOf))
        {
            using FileStream log = File.OpenRead(file);
            byte[] piece = new byte[1 << 20];
            for (int count; (count = await log.ReadAsync(piece, Lab.Cancel)) > 0;)
            {
                account.Accept(piece.AsSpan(0, count));
            }
        }

        Assert.True(account.Problem is null, account.Problem);
        Assert.Equal(produced, account.Position);
        Assert.Equal((ulong)account.Marked, entry.BytesNotLogged);
        Lab.Print($"the log: {account.Delivered:N0} bytes of {produced:N0}, {account.Marked:N0} marked as missing");
    }

    /// <summary>The larger the older; 0 is the one that is written.</summary>
    private static int NumberOf(string file) => int.TryParse(Path.GetExtension(file).AsSpan(1), CultureInfo.InvariantCulture, out int number) ? number : 0;

    private static async Task<RecordSubscriber> SubscribeAsync(Lab lab)
    {
        RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        await subscriber.BindAsync(Lab.Cancel, type: BlockBackEnd);
        return subscriber;
    }

    /// <summary>Answers until it is enough or the daemon is gone.</summary>
    private static async Task AnswerAsync(RecordSubscriber subscriber, List<AskingGuest> guests, Func<bool> isEnough)
    {
        try
        {
            while (!isEnough())
            {
                await subscriber.AnswerAsync(
                    request => guests.Single(guest => guest.Domid == request.RemoteDomain).Received.Accept(request.Message.Data), Lab.Cancel);
            }
        }
        catch (Exception killed) when (killed is EndOfStreamException or InvalidDataException or SocketException)
        {
            // In the middle of a record, or between two.
        }
    }

    /// <summary>The successor has taken more of the console than there was room for.</summary>
    private static Task PrintsOnAsync(Lab lab, RingConsole printing, long before)
        => OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            list => list.Domains.Any(domain => domain.Domid == printing.Domid && domain.BytesOut > 0) && printing.Produced > before,
            "the console to be served",
            Lab.Cancel);

    /// <summary>A guest that asks without end, its requests one long stream.</summary>
    private sealed class AskingGuest(string name, uint domid, SeededStream stream)
    {
        private const int Chunk = 16 * 1024;

        private volatile bool _isStopping;
        private long _written;

        public string Name { get; } = name;

        public uint Domid { get; } = domid;

        public RepeatedStream Received { get; } = new(stream);

        public Task Writing { get; private set; } = Task.CompletedTask;

        /// <summary>Bytes that the guest was given.</summary>
        public long Written => Volatile.Read(ref _written);

        public bool IsDone => Writing.IsCompleted && Received.Position == Written;

        public static async Task<AskingGuest> StartAsync(Lab lab, string name, SeededStream all)
        {
            GuestProgram program = lab.Own(GuestProgram.Start(
                lab.Machine, new GuestOptions(name, Classic: name == "classic"), ["console", "--type", "1"]));
            DomainEntry entry = await lab.ConnectedAsync(name);
            AskingGuest guest = new(name, entry.Domid, all.Fork(name));
            guest.Writing = guest.WriteAsync(program);
            return guest;
        }

        public void Stop() => _isStopping = true;

        private async Task WriteAsync(GuestProgram guest)
        {
            while (!_isStopping)
            {
                await guest.WriteAsync(stream.Take(_written, Chunk), Lab.Cancel);
                Volatile.Write(ref _written, _written + Chunk);
            }
        }
    }
}
