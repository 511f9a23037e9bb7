using System.Runtime.CompilerServices;

using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Values in the order in which they came, of which nearly always the oldest goes first, and then nothing moves. Memory comes with the first
/// one, and doubles: of a thousand guests most need none for days. How many there may be is for its owner to bound.
/// </summary>
/// <remarks>A mutable struct: keep it in a field, never copy it.</remarks>
internal struct GrowingRing<T>
{
    // The length is a power of two, or 0.
    private T[]? _values;
    private int _first;

    public int Count { get; private set; }

    /// <summary>By position: 0 is the oldest.</summary>
    public readonly ref T this[int position] => ref _values![(_first + position) & (_values!.Length - 1)];

    /// <summary>One more, the newest. What it holds is left from another one, or nothing.</summary>
    public ref T Append()
    {
        if (Count == (_values?.Length ?? 0))
        {
            Grow();
        }

        return ref this[Count++];
    }

    /// <summary>Takes one out; those before it move.</summary>
    public void RemoveAt(int position)
    {
        for (int i = position; i > 0; i--)
        {
            this[i] = this[i - 1];
        }

        // What it held is not to be kept alive by it; bytes are only overwritten.
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            this[0] = default!;
        }

        _first = (_first + 1) & (_values!.Length - 1);
        Count--;
    }

    private void Grow()
    {
        T[] larger = new T[Math.Max(ProtocolLimits.RingSlots, Count * 2)];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = this[i];
        }

        _values = larger;
        _first = 0;
    }
}
