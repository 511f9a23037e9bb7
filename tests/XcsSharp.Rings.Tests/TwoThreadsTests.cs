using System.Diagnostics;

using XcsSharp.Protocol;

using Xunit;

namespace XcsSharp.Rings.Tests;

/// <summary>Both ends at full speed on two threads, as a guest's vCPU and the daemon are. x86-64 only, so this
/// shows torn and misordered copies, not a missing barrier of a weaker machine.</summary>
public sealed class TwoThreadsTests
{
    private const int Messages = 1_000_000;
    private const int LeastMessages = 1_000;

    /// <summary>Two threads that wait for each other come to a halt for milliseconds, eight messages long, where other programs want the same
    /// processors: what was asked by then has to do.</summary>
    private static readonly TimeSpan s_askingTime = TimeSpan.FromSeconds(20);

    private int _lastAsked = int.MaxValue;

    [Fact]
    public async Task A_million_messages_arrive_whole_and_every_answer_comes_back()
    {
        using SharedRings rings = new(uint.MaxValue - 1000);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Task controller = Task.Run(() => AnswerAll(rings.Controller.Transmit, cancel), cancel);
        Task guest = Task.Run(() => AskAll(rings.Guest.Transmit, cancel), cancel);

        await Task.WhenAll(controller, guest).WaitAsync(TimeSpan.FromSeconds(120), cancel);
        Assert.Equal(0, rings.Controller.Transmit.Unanswered);
        Assert.InRange(_lastAsked, LeastMessages, Messages);
    }

    private void AskAll(FrontRing ring, CancellationToken cancel)
    {
        SpinWait spin = default;
        long start = Stopwatch.GetTimestamp();
        int asked = 0;
        int answered = 0;
        while (answered < _lastAsked)
        {
            if (_lastAsked == int.MaxValue && (asked == Messages || Stopwatch.GetElapsedTime(start) > s_askingTime))
            {
                Volatile.Write(ref _lastAsked, asked);
            }

            bool moved = _lastAsked == int.MaxValue && ring.TryPutRequest(Filled(asked));
            asked += moved ? 1 : 0;
            RingRead read = ring.TryTakeResponse(out ControlMessage answer);
            Assert.NotEqual(RingRead.Corrupt, read);
            if (read == RingRead.Message)
            {
                Check(answered++, answer);
                moved = true;
            }

            if (!moved)
            {
                cancel.ThrowIfCancellationRequested();
                spin.SpinOnce(sleep1Threshold: -1); // a millisecond of sleep for every eight messages would be minutes
            }
        }
    }

    private void AnswerAll(BackRing ring, CancellationToken cancel)
    {
        SpinWait spin = default;
        for (int taken = 0; taken < Volatile.Read(ref _lastAsked);)
        {
            RingRead read = ring.TryTakeRequest(out ControlMessage request);
            Assert.NotEqual(RingRead.Corrupt, read);
            if (read == RingRead.Message)
            {
                Check(taken++, request);
                ring.PutResponse(0, request);
            }
            else
            {
                cancel.ThrowIfCancellationRequested();
                spin.SpinOnce(sleep1Threshold: -1); // a millisecond of sleep for every eight messages would be minutes
            }
        }
    }

    private static ControlMessage Filled(int number)
    {
        Span<byte> data = stackalloc byte[60];
        data.Fill((byte)number);
        BitConverter.TryWriteBytes(data, number);
        BitConverter.TryWriteBytes(data[56..], number);
        return ControlMessage.Create(MessageType.Console, 0, (byte)number, data);
    }

    private static void Check(int number, in ControlMessage message)
    {
        Assert.Equal((byte)number, message.Id);
        Assert.Equal(number, BitConverter.ToInt32(message.Data));
        Assert.Equal(number, BitConverter.ToInt32(message.Data[56..]));
        Assert.Equal((byte)number, message.Data[30]);
    }
}
