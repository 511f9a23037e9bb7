using System.Diagnostics;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Demo;

/// <summary>
/// First figures of a flood: guests that keep their eight slots full, each a process of its own on the same machine, so
/// the rate is what is left for the daemon, and the processor time a message is the figure to compare.
/// </summary>
internal static class FloodFigures
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_measured = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(TextWriter report, CancellationToken cancel)
    {
        report.WriteLine("Flood: request up, console, answer down.");
        foreach (int guests in (int[])[1, 64])
        {
            await MeasureAsync(guests, report, cancel);
        }
    }

    private static async Task MeasureAsync(int guests, TextWriter report, CancellationToken cancel)
    {
        await using SimMachine machine = await SimMachine.StartAsync(cancel);
        DaemonPlaces places = new(machine);
        await using XcsdDaemon daemon = await XcsdDaemon.StartAsync(places, cancel);
        List<GuestProgram> programs = [];
        try
        {
            for (int i = 0; i < guests; i++)
            {
                programs.Add(GuestProgram.Start(machine, new GuestOptions($"flood{i}"), ["flood"], static _ => { }));
            }

            for (int i = 0; i < guests; i++)
            {
                await OperatorQuery.WaitForConnectedAsync(places.Console, $"flood{i}", cancel);
            }

            await Task.Delay(s_warmUp, cancel);
            (DaemonStatus before, TimeSpan cpuBefore, long startedAt) = await LookAsync(daemon, cancel);
            await Task.Delay(s_measured, cancel);
            (DaemonStatus after, TimeSpan cpuAfter, long endedAt) = await LookAsync(daemon, cancel);

            double messages = after.Requests - before.Requests;
            double seconds = Stopwatch.GetElapsedTime(startedAt, endedAt).TotalSeconds;
            double cpu = (cpuAfter - cpuBefore).TotalMicroseconds / messages;
            double perTurn = (after.PortsServed - before.PortsServed) / (double)(after.Turns - before.Turns);
            report.WriteLine(
                $"  {guests,2} guest{(guests == 1 ? " " : "s")}: {messages / seconds,8:0} messages/s,"
                + $" {cpu:0.00} µs of the daemon's processor time a message, {perTurn:0.0} ports a turn,"
                + $" {ProcessFigures.ResidentKiB(daemon.Pid) / 1024.0:0.0} MiB resident");
        }
        finally
        {
            await Task.WhenAll(programs.Select(program => program.DisposeAsync().AsTask()));
        }
    }

    private static async Task<(DaemonStatus Status, TimeSpan Cpu, long At)> LookAsync(
        XcsdDaemon daemon, CancellationToken cancel)
    {
        DaemonStatus status = await OperatorQuery.StatusAsync(daemon.Places.Console, cancel);
        return (status, ProcessFigures.CpuTime(daemon.Pid), Stopwatch.GetTimestamp());
    }
}
