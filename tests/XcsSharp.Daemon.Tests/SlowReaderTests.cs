using System.Diagnostics;
using System.Globalization;
using System.Text;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// Somebody who takes nothing must cost nobody else anything: the guest goes on at full speed, the healthy readers get
/// every byte, and a single message still reaches them at once.
/// </summary>
public sealed class SlowReaderTests
{
    /// <summary>More than all buffers on the way to a reader that hangs, and less than the healthy ones' backlog.</summary>
    private const int PushedBytes = 2 << 20;

    /// <summary>The bound that the project states. On the median, since the machine of the tests is shared.</summary>
    private static readonly TimeSpan s_atOnce = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task A_viewer_that_never_reads()
        => await OthersAreNotAffectedAsync(async lab =>
            lab.Own(await ConsoleSocket.AttachWithoutReadingAsync(lab.Places.Console, "web all", Lab.Cancel, 4096)));

    [Fact]
    public async Task A_pty_reader_that_never_reads()
        => await OthersAreNotAffectedAsync(lab =>
        {
            lab.OpenPty("web", output: null);
            return Task.CompletedTask;
        });

    [Fact]
    public async Task A_subscriber_that_never_reads()
        => await OthersAreNotAffectedAsync(async lab => await lab.SubscribeAsync(receiveBuffer: 4096));

    [Fact]
    public async Task A_client_that_vanishes_in_the_middle_of_a_record()
        => await OthersAreNotAffectedAsync(async lab =>
        {
            RecordSubscriber vanishing = await lab.SubscribeAsync();
            await vanishing.Control.SendBytesAsync(new byte[33], Lab.Cancel);
            await vanishing.Data.SendBytesAsync(new byte[79], Lab.Cancel);
            vanishing.Dispose();
        });

    [Fact]
    public async Task A_client_that_stops_in_the_middle_of_a_record_and_stays()
        => await OthersAreNotAffectedAsync(async lab =>
        {
            RecordSubscriber stuck = await lab.SubscribeAsync();
            await stuck.Control.SendBytesAsync(new byte[33], Lab.Cancel);
            await stuck.Data.SendBytesAsync(new byte[79], Lab.Cancel);
            RecordSocket unsaid = lab.Own(await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel));
            await unsaid.SendBytesAsync(new byte[10], Lab.Cancel);
        });

    [Fact]
    public async Task B10_A_subscriber_that_never_reads_is_closed_at_its_limit_and_counted()
    {
        await using Lab lab = await Lab.StartAsync("--Switching:SessionQueueBytes=64 KiB", "--Consoles:HistoryBytes=4 MiB");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        RecordSubscriber hanging = await lab.SubscribeAsync(receiveBuffer: 4096);
        SeededStream output = Lab.Seeded("output");
        StreamVerifier viewer = new("healthy viewer", output, PushedBytes);
        await lab.AttachAsync("web all", viewer.Accept);

        await guest.WriteAsync(output.Take(0, PushedBytes), Lab.Cancel);

        await viewer.CheckAsync(Lab.Cancel);
        Assert.Equal(1UL, (await lab.StatusAsync()).SlowSessionsClosed);
        await hanging.Data.WaitForEndAsync(Lab.Cancel);
        await hanging.Control.WaitForEndAsync(Lab.Cancel);
    }

    private static async Task OthersAreNotAffectedAsync(Func<Lab, Task> hang)
    {
        await using Lab lab = await Lab.StartAsync("--Consoles:HistoryBytes=4 MiB", "--Switching:SessionQueueBytes=32 MiB");
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web");
        await hang(lab);

        // A viewer and a subscriber that read; when the pty is not the one that hangs, that too could be one of them, but
        // only one reader of a pty gets each byte.
        SeededStream output = Lab.Seeded("output");
        StreamVerifier viewed = new("healthy viewer", output, PushedBytes);
        StreamVerifier received = new("healthy subscriber", output, PushedBytes);
        Transcript viewerTail = new("healthy viewer");
        Transcript subscriberTail = new("healthy subscriber");
        await lab.AttachAsync("web all", SplitTo(viewed, viewerTail));
        RecordSubscriber subscriber = await lab.SubscribeAsync();
        Task listening = ListenAsync(subscriber, domid, SplitTo(received, subscriberTail));

        await guest.WriteAsync(output.Take(0, PushedBytes), Lab.Cancel);
        await viewed.CheckAsync(Lab.Cancel);
        await received.CheckAsync(Lab.Cancel);

        await AssertDeliveredAtOnceAsync(guest, viewerTail, "viewer");
        await AssertDeliveredAtOnceAsync(guest, subscriberTail, "subscriber");
        Assert.False(listening.IsCompleted, "the healthy subscriber was closed");
        Assert.Equal(0UL, (await lab.StatusAsync()).SlowSessionsClosed);
    }

    private static async Task AssertDeliveredAtOnceAsync(GuestProgram guest, Transcript reader, string name)
    {
        const int Count = 21;
        List<TimeSpan> delays = [];
        for (int i = 0; i < Count; i++)
        {
            string line = string.Create(CultureInfo.InvariantCulture, $"<{name} {i}>");
            long sent = Stopwatch.GetTimestamp();
            await guest.WriteAsync(Encoding.UTF8.GetBytes(line), Lab.Cancel);
            await reader.WaitForTextAsync(line, Lab.Cancel);
            delays.Add(Stopwatch.GetElapsedTime(sent));
        }

        delays.Sort();
        TimeSpan median = delays[Count / 2];
        Lab.Print($"guest's write to healthy {name}: median {median.TotalMilliseconds:0.00} ms, longest {delays[^1].TotalMilliseconds:0.00} ms");
        Assert.True(median < s_atOnce, $"median {median.TotalMilliseconds} ms");
    }

    /// <summary>The seeded part goes to the verifier, what follows it to the transcript.</summary>
    private static BytesReceived SplitTo(StreamVerifier verifier, Transcript tail)
        => bytes =>
        {
            int seeded = (int)Math.Min(verifier.Missing, bytes.Length);
            verifier.Accept(bytes[..seeded]);
            if (seeded < bytes.Length)
            {
                tail.Append(bytes[seeded..]);
            }
        };

    private static async Task ListenAsync(RecordSubscriber subscriber, uint domid, BytesReceived output)
    {
        subscriber.Data.Deadline = Timeout.InfiniteTimeSpan;
        try
        {
            while (true)
            {
                XcsRecord record = await subscriber.ReceiveAsync(RecordType.Request, Lab.Cancel);
                if (record.RemoteDomain == domid)
                {
                    output(record.Message.Data);
                }
            }
        }
        catch (Exception end) when (end is EndOfStreamException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
