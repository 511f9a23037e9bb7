using System.Diagnostics;
using System.Globalization;

using XcsSharp.Client;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Demo;

/// <summary>
/// First figures of a flood: guests that keep their eight slots full, each a process of its own on the same machine. The
/// rate is what they and the readers leave to the daemon; its processor time a message is the figure to compare.
/// </summary>
internal static class FloodFigures
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_measured = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(TextWriter report, CancellationToken cancel)
    {
        report.WriteLine("Flood of console messages, kept and answered by the daemon:");
        await MeasureAsync(1, MessageType.Console, report, cancel);
        await MeasureAsync(64, MessageType.Console, report, cancel);
        report.WriteLine("Flood of other messages, through the xcs socket to a subscriber and its answers back:");
        await MeasureAsync(1, MessageType.Debug, report, cancel);
        await MeasureAsync(64, MessageType.Debug, report, cancel);
    }

    private static async Task MeasureAsync(int guests, MessageType type, TextWriter report, CancellationToken cancel)
    {
        await using SimMachine machine = await SimMachine.StartAsync(cancel);
        DaemonPlaces places = new(machine);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, cancel);
        await using XcsSession subscriber = await XcsSession.ConnectAsync(places.Xcs, cancel: cancel);
        await subscriber.BindAsync(type: (ushort)MessageType.Debug, cancel: cancel);
        Task answering = AnswerAsync(subscriber, cancel);
        List<GuestProgram> programs = [];
        try
        {
            string number = ((byte)type).ToString(CultureInfo.InvariantCulture);
            for (int i = 0; i < guests; i++)
            {
                programs.Add(GuestProgram.Start(
                    machine, new GuestOptions($"flood{i}"), ["flood", "--type", number], static _ => { }));
            }

            for (int i = 0; i < guests; i++)
            {
                await OperatorQuery.WaitForConnectedAsync(places.Console, $"flood{i}", cancel);
            }

            await Task.Delay(s_warmUp, cancel);
            Look before = await LookAsync(daemon, cancel);
            await Task.Delay(s_measured, cancel);
            Look after = await LookAsync(daemon, cancel);
            report.WriteLine($"  {guests,2} guest{(guests == 1 ? " " : "s")}: {Describe(before, after)}");
        }
        finally
        {
            await Task.WhenAll(programs.Select(program => program.DisposeAsync().AsTask()));
        }

        await subscriber.DisposeAsync();
        await answering;
    }

    private static async Task AnswerAsync(XcsSession subscriber, CancellationToken cancel)
    {
        XcsRecord[] batch = new XcsRecord[1024];
        int count;
        while ((count = await subscriber.ReceiveAsync(batch, cancel)) > 0)
        {
            await subscriber.RespondAsync(batch.AsMemory(0, count), cancel);
        }
    }

    private static string Describe(Look before, Look after)
    {
        double messages = after.Status.Responses - before.Status.Responses;
        double seconds = Stopwatch.GetElapsedTime(before.At, after.At).TotalSeconds;
        double cpu = (after.Cpu - before.Cpu).TotalMicroseconds / messages;
        double ports = after.Status.PortsServed - before.Status.PortsServed;
        double turns = after.Status.Turns - before.Status.Turns;
        return $"{messages / seconds,8:0} messages/s, {cpu:0.00} µs of the daemon's processor time a message,"
            + $" {ports / turns:0.0} ports a turn, {after.ResidentKiB / 1024.0:0.0} MiB resident";
    }

    private static async Task<Look> LookAsync(XcsdDaemon daemon, CancellationToken cancel)
    {
        DaemonStatus status = await OperatorQuery.StatusAsync(daemon.Places.Console, cancel);
        return new Look(
            status, ProcessFigures.CpuTime(daemon.Pid), ProcessFigures.ResidentKiB(daemon.Pid), Stopwatch.GetTimestamp());
    }

    private readonly record struct Look(DaemonStatus Status, TimeSpan Cpu, long ResidentKiB, long At);
}
