using System.Diagnostics;


namespace XcsSharp.Switching.Tests;

/// <summary>What a console's bytes cost: no memory, and no time for the consoles beside it.</summary>
public sealed class ConsoleStreamCostTests : IDisposable
{
    private readonly StreamRig _rig = new(options => options.GuestBytesPerSecond = 0);
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Output_and_input_allocate_nothing()
    {
        var (_, console, stream) = _rig.Add(5);
        byte[] output = _stream.Take(0, 1500);
        byte[] taken = new byte[1024];
        _rig.Consoles.WhenOutput = (_, _) => { };
        long allocated = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 2000; i++)
            {
                console.Write(output);
                stream.Put(output.AsSpan(0, 100));
                _rig.Settle();
                console.Ring.TryTake(taken, out _);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal((4000UL * 1500, 4000UL * 100), (stream.BytesOut, stream.BytesIn));
        Assert.Equal(0, allocated);
    }

    /// <summary>A ratio, and of the least of several windows: what a busy machine adds is in none of them.</summary>
    [Fact]
    public void D12_An_event_costs_the_same_beside_ten_idle_consoles_and_beside_three_thousand()
    {
        TimeSpan few = CostOfEvents(10);
        TimeSpan many = CostOfEvents(3_000);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"300 events: {few.TotalMicroseconds:N0} µs beside 10 consoles, {many.TotalMicroseconds:N0} µs beside 3,000");
        Assert.True(many < few * 3, $"{many.TotalMicroseconds:N0} µs instead of {few.TotalMicroseconds:N0} µs");
    }

    private static TimeSpan CostOfEvents(int idle)
    {
        using StreamRig rig = new();
        for (uint i = 0; i < idle; i++)
        {
            _ = rig.Add(1_000 + i);
        }

        var (_, active, stream) = rig.Add(5);
        TimeSpan least = TimeSpan.MaxValue;
        for (int window = 0; window < 9; window++)
        {
            ulong before = stream.BytesOut;
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 300; i++)
            {
                active.Write("x"u8);
                rig.Settle();
            }

            TimeSpan time = Stopwatch.GetElapsedTime(start);
            least = time < least ? time : least;
            Assert.Equal(before + 300, stream.BytesOut);

            // Its budget, which is no part of the question.
            rig.Advance(TimeSpan.FromSeconds(1));
        }

        return least;
    }
}
