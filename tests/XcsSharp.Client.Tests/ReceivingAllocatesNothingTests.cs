using System.Runtime.InteropServices;

using XcsSharp.Client.Tests.Ports;
using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests;

/// <summary>Alone in its process while it runs: what other tests allocate would count.</summary>
[CollectionDefinition(nameof(ReceivingAllocatesNothingTests), DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(nameof(ReceivingAllocatesNothingTests))]
public sealed class ReceivingAllocatesNothingTests : IDisposable
{
    private const int Messages = 2000;
    private const int Burst = 20;

    private readonly PlayedSwitch _switch = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _switch.Dispose();

    /// <summary>With credit, so that giving it is measured too. What waits is on other threads: all of them count.</summary>
    [Fact]
    public async Task A_session_that_receives()
    {
        Task<XcsSession> connecting = XcsSession.ConnectAsync(
            new XcsSessionOptions { Path = _switch.Server.Path, Extensions = Extensions.Credit, Credit = 100 }, Cancel);
        PlayedSession played = await _switch.GreetAsync(3);
        using Feeder feeder = new(played);
        await using XcsSession session = await connecting;
        XcsRecord[] batch = new XcsRecord[64];
        using Waiter waiter = new();
        long least = await Task.Run(() => Allocations.LeastOfAllThreads(() =>
        {
            for (int done = 0; done < Messages; done += Burst)
            {
                feeder.Say(Burst);
                for (int got = 0; got < Burst;)
                {
                    got += waiter.Wait(session.ReceiveAsync(batch, Cancel));
                }
            }
        }));
        Assert.InRange(least, 0, Messages / 2);
    }

    /// <summary>Received, spread, waited for, read and answered.</summary>
    [Fact]
    public async Task A_notifier_and_the_reader_of_a_port_that_answers()
    {
        (Notifier notifier, PlayedSession played) = await _switch.ConnectAsync(
            _switch.Options with { Extensions = Extensions.Credit | Extensions.Correlation, Credit = 100 });
        using Feeder feeder = new(played);
        await using Notifier owned = notifier;
        Port port = await notifier.OpenPortAsync(5);
        GuestMessage[] batch = new GuestMessage[64];
        using Waiter waiter = new();
        long least = await Task.Run(() => Allocations.LeastOfAllThreads(() =>
        {
            for (int done = 0; done < Messages; done += Burst)
            {
                feeder.Say(Burst);
                for (int got = 0; got < Burst;)
                {
                    int count = waiter.Wait(port.ReceiveRequestsAsync(batch, Cancel));
                    for (int i = 0; i < count; i++)
                    {
                        Assert.True(waiter.Wait(port.AnswerAsync(batch[i], Cancel)));
                    }

                    got += count;
                }

                feeder.Hear(Burst);
            }
        }));
        Assert.InRange(least, 0, Messages / 2);
    }

    /// <summary>Waits on this thread without allocating, whatever thread completes.</summary>
    private sealed class Waiter : IDisposable
    {
        private readonly ManualResetEventSlim _done = new();
        private readonly Action _set;

        public Waiter() => _set = _done.Set;

        public T Wait<T>(in ValueTask<T> task)
        {
            System.Runtime.CompilerServices.ValueTaskAwaiter<T> awaiter = task.GetAwaiter();
            if (!awaiter.IsCompleted)
            {
                _done.Reset();
                awaiter.UnsafeOnCompleted(_set);
                if (!_done.Wait(Transcript.DefaultDeadline))
                {
                    throw new TimeoutException("nothing was received");
                }
            }

            return awaiter.GetResult();
        }

        public void Dispose() => _done.Dispose();
    }

    /// <summary>The switch's end, on threads that block: nothing that it does allocates.</summary>
    private sealed class Feeder : IDisposable
    {
        private readonly PlayedSession _played;
        private readonly Thread _control;
        private readonly byte[] _records;
        private readonly byte[] _heard = new byte[ProtocolLimits.RecordSize];

        public Feeder(PlayedSession played)
        {
            _played = played;
            XcsRecord request = XcsRecord.ForMessage(RecordType.Request, 5, 15, PlayedSession.Message(1));
            _records = MemoryMarshal.AsBytes(Enumerable.Repeat(request, Burst).ToArray().AsSpan()).ToArray();
            _control = new Thread(() => played.EchoControl(new byte[ProtocolLimits.RecordSize])) { IsBackground = true };
            _control.Start();
        }

        public void Say(int count) => _played.Data.SendNow(_records.AsSpan(0, count * ProtocolLimits.RecordSize));

        public void Hear(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(_played.Data.TryReceiveNow(_heard));
            }
        }

        public void Dispose()
        {
            // The client has closed by now.
            Assert.True(_control.Join(Transcript.DefaultDeadline));
            _played.Dispose();
        }
    }
}
