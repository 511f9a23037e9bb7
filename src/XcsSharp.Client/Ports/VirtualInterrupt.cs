using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>A virtual interrupt of dom0 (VIRQ_*), as the switch passes it on.</summary>
/// <remarks>Interrupts carry nothing, so those that were not awaited are counted, not queued. One reader at a time.</remarks>
public sealed class VirtualInterrupt : IAsyncDisposable
{
    private readonly Notifier _notifier;
    private readonly Lock _gate = new();
    private readonly ReaderSignal _arrived;
    private long _pending;
    private bool _ended;
    private Exception? _failure;
    private volatile int _port;

    internal VirtualInterrupt(Notifier notifier, ushort virq)
    {
        _notifier = notifier;
        _arrived = new ReaderSignal(_gate);
        Virq = virq;
    }

    /// <summary>Its number in Xen's interface.</summary>
    public ushort Virq { get; }

    /// <summary>dom0's port for it; another one after the daemon was started anew.</summary>
    public int Port => _port;

    internal bool IsOpen { get; set; }

    /// <summary>Waits until it has come.</summary>
    /// <returns>How often since the last wait; 0 at the end. Allocates nothing.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<long> WaitAsync(CancellationToken cancel = default)
    {
        while (true)
        {
            ValueTask arrival;
            lock (_gate)
            {
                if (_pending > 0)
                {
                    long pending = _pending;
                    _pending = 0;
                    return pending;
                }

                if (_ended)
                {
                    return _failure is null ? 0 : throw _failure;
                }

                arrival = _arrived.Wait(cancel);
            }

            await arrival.ConfigureAwait(false);
        }
    }

    /// <summary>Each wait's number, until it is disposed.</summary>
    public async IAsyncEnumerable<long> ReadAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        long count;
        while ((count = await WaitAsync(cancel).ConfigureAwait(false)) > 0)
        {
            yield return count;
        }
    }

    /// <summary>Signals its port.</summary>
    public ValueTask NotifyAsync(CancellationToken cancel = default)
        => _notifier.SendAsync(new XcsRecord { Type = RecordType.Virq, LocalPort = Port }, cancel);

    public async ValueTask DisposeAsync()
    {
        End(null);
        await _notifier.CloseAsync(this).ConfigureAwait(false);
    }

    internal void Arrive()
    {
        lock (_gate)
        {
            _pending++;
            _arrived.Wake();
        }
    }

    internal void End(Exception? failure)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                _ended = true;
                _failure = failure;
                _arrived.Wake();
            }
        }
    }

    internal async Task BindInAsync(XcsSession session, CancellationToken cancel)
    {
        int port = await session.BindVirqAsync(Virq, cancel).ConfigureAwait(false);

        // Known before it is bound: the first interrupt may be faster than the reply.
        _port = port;
        await session.BindAsync(port, ProtocolLimits.TypeVirq, cancel).ConfigureAwait(false);
    }
}
