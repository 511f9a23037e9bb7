using System.Runtime.CompilerServices;

namespace XcsSharp.Client;

/// <summary>What a <see cref="Mailbox{T}"/> holds: it can be marked with how many were lost before it.</summary>
internal interface IMarked<out TSelf>
{
    TSelf After(ulong missed);
}

/// <summary>
/// A bounded queue between the one that receives for all and the one reader of a part. Putting never waits: when it is
/// full, the oldest goes, and the next that is taken is marked with how many went. Any thread may put, one at a time reads.
/// </summary>
internal sealed class Mailbox<T>
    where T : struct, IMarked<T>
{
    private readonly Lock _gate = new();
    private readonly ReaderSignal _arrived;
    private readonly T[] _items;
    private int _first;
    private int _count;
    private ulong _missed;
    private bool _ended;
    private Exception? _failure;

    public Mailbox(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        _items = new T[length];
        _arrived = new ReaderSignal(_gate);
    }

    public void Put(in T item)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            if (_count == _items.Length)
            {
                _first = Next(_first);
                _count--;
                _missed++;
            }

            _items[(_first + _count++) % _items.Length] = item;
            _arrived.Wake();
        }
    }

    /// <summary>What is here is void; it counts as nobody's loss.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _count = 0;
        }
    }

    /// <summary>The reader gets what is here, then the end: as an exception, if there is one.</summary>
    public void End(Exception? failure)
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

    /// <summary>Waits for at least one, then gives all that are here, up to the length of the buffer.</summary>
    /// <returns>0 at the end.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<T> into, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfZero(into.Length);
        while (true)
        {
            ValueTask arrival;
            lock (_gate)
            {
                cancel.ThrowIfCancellationRequested();
                int count = Take(into.Span);
                if (count > 0)
                {
                    return count;
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

    public async IAsyncEnumerable<T> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        // One at a time: whoever stops in the middle leaves the rest here.
        T[] one = new T[1];
        while (await ReceiveAsync(one, cancel).ConfigureAwait(false) > 0)
        {
            yield return one[0];
        }
    }

    private int Take(Span<T> into)
    {
        int count = Math.Min(into.Length, _count);
        for (int i = 0; i < count; i++)
        {
            into[i] = _items[_first];
            _first = Next(_first);
        }

        _count -= count;
        if (count > 0 && _missed > 0)
        {
            into[0] = into[0].After(_missed);
            _missed = 0;
        }

        return count;
    }

    private int Next(int index) => index + 1 == _items.Length ? 0 : index + 1;
}
