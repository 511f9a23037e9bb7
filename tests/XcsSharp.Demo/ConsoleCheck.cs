using System.Diagnostics;

using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Demo;

/// <summary>
/// Three guests speak at once, three kinds of reader listen to each, and input goes to each in another way: every byte
/// must come, in order.
/// </summary>
internal sealed class ConsoleCheck
{
    /// <summary>What each guest pushes unless another number is asked for.</summary>
    public const int OutputBytes = 1 << 20;

    private const int InputBytes = 64 << 10;

    /// <summary>Less than it can ever take, more than a busy machine needs.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    private static readonly GuestOptions[] s_guests =
        [new("web"), new("db"), new("legacy", Classic: true)];

    /// <summary>The daemon never makes a guest wait for a reader, so what is pushed at full speed has to fit somewhere.</summary>
    private static readonly string[] s_settings =
        ["--Consoles:HistoryBytes=4 MiB", "--Switching:SessionQueueBytes=16 MiB"];

    private readonly List<CheckedGuest> _guests = [];
    private readonly int _bytes;
    private readonly TextReader? _hold;
    private readonly TextWriter _report;

    private ConsoleCheck(int bytes, TextReader? hold, TextWriter report)
    {
        _bytes = bytes;
        _hold = hold;
        _report = report;
    }

    /// <param name="seed">Of all bytes.</param>
    /// <param name="bytes">From each guest.</param>
    /// <param name="hold">Has a line when the bytes may flow, and one when all may go; null: at once.</param>
    /// <param name="report">For people and tests.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Whether every byte came.</returns>
    public static async Task<bool> RunAsync(ulong seed, int bytes, TextReader? hold, TextWriter report, CancellationToken cancel)
    {
        report.WriteLine(
            $"Three guests push {bytes} bytes each and get {InputBytes} bytes each; seed {seed}.");
        await using SimMachine machine = await SimMachine.StartAsync(cancel);
        DaemonPlaces places = new(machine);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, cancel, s_settings);
        ConsoleCheck check = new(bytes, hold, report);
        try
        {
            return await check.RunAsync(daemon, new SeededStream(seed), cancel);
        }
        finally
        {
            foreach (CheckedGuest guest in check._guests)
            {
                await guest.DisposeAsync();
            }
        }
    }

    private async Task<bool> RunAsync(XcsdDaemon daemon, SeededStream seed, CancellationToken cancel)
    {
        foreach (GuestOptions options in s_guests)
        {
            _guests.Add(await CheckedGuest.StartAsync(daemon, options, seed, _bytes, InputBytes, cancel));
        }

        using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(daemon.Places.Xcs, cancel);
        await subscriber.BindAsync(cancel);
        Task listening = ListenAsync(subscriber, cancel);

        await HoldAsync($"Held: --socket {daemon.Places.Console} --xcs-socket {daemon.Places.Xcs}; Enter starts the bytes.", cancel);
        ulong before = (await OperatorQuery.StatusAsync(daemon.Places.Console, cancel)).Requests;
        Stopwatch clock = Stopwatch.StartNew();
        Task[] work =
        [
            .. _guests.Select(guest => guest.PushOutputAsync(cancel)),
            _guests[0].TypeOnPtyAsync(cancel),
            _guests[1].TypeInViewerAsync(cancel),
            _guests[2].TypeAsSubscriberAsync(subscriber, cancel),
        ];
        Task finished = Task.WhenAll(_guests.SelectMany(guest => guest.Verifiers).Select(reader => reader.Finished));
        Task first = await Task.WhenAny(finished, listening, FailureOf(work), Task.Delay(s_deadline, cancel));
        TimeSpan elapsed = clock.Elapsed;
        if (first != finished)
        {
            await first; // throws what went wrong, or the cancellation; a deadline shows as missing bytes
        }

        ulong messages = (await OperatorQuery.StatusAsync(daemon.Places.Console, cancel)).Requests - before;
        bool complete = Report(elapsed, messages);
        await HoldAsync("Held: Enter ends it.", cancel);
        return complete;
    }

    private async Task HoldAsync(string prompt, CancellationToken cancel)
    {
        if (_hold is not null)
        {
            await _report.WriteLineAsync(prompt);
            await Task.Run(_hold.ReadLine, cancel).WaitAsync(cancel);
        }
    }

    private static async Task FailureOf(Task[] work)
    {
        await Task.WhenAll(work);
        await Task.Delay(Timeout.Infinite);
    }

    private async Task ListenAsync(RecordSubscriber subscriber, CancellationToken cancel)
    {
        Dictionary<uint, StreamVerifier> readers = _guests.ToDictionary(guest => guest.Domid, guest => guest.Subscriber);
        subscriber.Data.Deadline = s_deadline;
        while (true)
        {
            XcsRecord record = await subscriber.Data.ReceiveAsync(cancel);
            if (record.Type == RecordType.Request && readers.TryGetValue(record.RemoteDomain, out StreamVerifier? reader))
            {
                reader.Accept(record.Message.Data);
            }
        }
    }

    private bool Report(TimeSpan elapsed, ulong messages)
    {
        long lost = 0;
        bool right = true;
        foreach (CheckedGuest guest in _guests)
        {
            long missing = guest.Verifiers.Sum(reader => reader.Missing);
            _report.WriteLine(
                $"  {guest.Name,-7} {guest.Transport,-8} pty {guest.Pty.Position}, viewer {guest.Viewer.Position},"
                + $" subscriber {guest.Subscriber.Position}; typed {guest.Input.Position} through the {guest.TypedThrough};"
                + $" lost {missing}");
            lost += missing;
            foreach (StreamVerifier reader in guest.Verifiers.Where(reader => reader.Problem is not null))
            {
                _report.WriteLine($"  {reader.Problem}");
                right = false;
            }
        }

        _report.WriteLine(
            $"  {messages} messages in {elapsed.TotalSeconds:0.00} s: {messages / elapsed.TotalSeconds:0} messages/s; lost {lost}");
        return right && lost == 0;
    }
}
