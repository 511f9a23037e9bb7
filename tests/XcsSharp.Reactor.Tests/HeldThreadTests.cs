using System.Diagnostics;

using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

/// <summary>What the tests of hanging disks stand on.</summary>
public sealed class HeldThreadTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(60);

    /// <summary>A thread stopped in managed code would hold up the collection, and the whole process with it.</summary>
    [Fact]
    public async Task A_thread_that_often_computes_is_held_where_a_garbage_collection_need_not_wait_for_it()
    {
        const int Tries = 10;
        string name = $"spins-{Environment.ProcessId}"[..Math.Min(15, $"spins-{Environment.ProcessId}".Length)];
        using CancellationTokenSource end = new();
        Thread thread = new(() => Spin(end.Token)) { Name = name, IsBackground = true };
        thread.Start();
        long before = Stopwatch.GetTimestamp();
        for (int i = 0; i < Tries; i++)
        {
            await using HeldThread? held = await HeldThread.HoldAsync(Environment.ProcessId, name, TestContext.Current.CancellationToken);
            Assert.SkipWhen(held is null, HeldThread.Refused);
            GC.Collect();
        }

        await end.CancelAsync();
        thread.Join();
        Assert.InRange(Stopwatch.GetElapsedTime(before), TimeSpan.Zero, s_soon);
    }

    /// <summary>A third of its time in managed code.</summary>
    private static void Spin(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            long from = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(from) < TimeSpan.FromMilliseconds(10))
            {
            }

            Thread.Sleep(20);
        }
    }
}
