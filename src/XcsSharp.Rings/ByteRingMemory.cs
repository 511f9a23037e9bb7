using System.Runtime.CompilerServices;

namespace XcsSharp.Rings;

/// <summary>
/// The shared half of one direction of a console ring: a power of two of bytes, and the indexes of who puts and who
/// takes. As <see cref="RingMemory"/>, the only place that touches what the other end writes.
/// </summary>
/// <remarks>
/// Memory order. The peer's index is read once, with acquire, before the bytes it covers. The producer's index is stored with
/// release after the bytes. So is the consumer's: the loads of the bytes come before the store that lets the peer
/// overwrite them.
/// </remarks>
internal readonly unsafe struct ByteRingMemory
{
    private readonly byte* _bytes;
    private readonly uint* _producer;
    private readonly uint* _consumer;

    private ByteRingMemory(MappedPage page, int bytes, int size, int producer, int consumer)
    {
        // SAFETY: the layout's constants lie inside the page, and its indexes are 4-byte aligned.
        _bytes = page.Address + bytes;
        _producer = (uint*)(page.Address + producer);
        _consumer = (uint*)(page.Address + consumer);
        Size = (uint)size;
    }

    /// <summary>Bytes the ring holds; a power of two.</summary>
    internal uint Size { get; }

    // SAFETY (all below): inside a page that the owner of this value keeps referenced.
    internal uint Producer
    {
        get => Volatile.Read(ref Unsafe.AsRef<uint>(_producer));
        set => Volatile.Write(ref Unsafe.AsRef<uint>(_producer), value);
    }

    internal uint Consumer
    {
        get => Volatile.Read(ref Unsafe.AsRef<uint>(_consumer));
        set => Volatile.Write(ref Unsafe.AsRef<uint>(_consumer), value);
    }

    /// <param name="page">Must stay referenced as long as this value is used.</param>
    internal static ByteRingMemory Output(MappedPage page) => new(
        page,
        ConsoleRingLayout.Output,
        ConsoleRingLayout.OutputSize,
        ConsoleRingLayout.OutputProducer,
        ConsoleRingLayout.OutputConsumer);

    /// <inheritdoc cref="Output"/>
    internal static ByteRingMemory Input(MappedPage page) => new(
        page,
        ConsoleRingLayout.Input,
        ConsoleRingLayout.InputSize,
        ConsoleRingLayout.InputProducer,
        ConsoleRingLayout.InputConsumer);

    /// <summary>Copies the bytes at an index and after it; not more than <see cref="Size"/>.</summary>
    internal void CopyOut(uint index, Span<byte> to)
    {
        int first = FirstPiece(index, to.Length);
        new ReadOnlySpan<byte>(_bytes + (index & (Size - 1)), first).CopyTo(to);
        new ReadOnlySpan<byte>(_bytes, to.Length - first).CopyTo(to[first..]);
    }

    /// <inheritdoc cref="CopyOut"/>
    internal void CopyIn(uint index, ReadOnlySpan<byte> from)
    {
        int first = FirstPiece(index, from.Length);
        from[..first].CopyTo(new Span<byte>(_bytes + (index & (Size - 1)), first));
        from[first..].CopyTo(new Span<byte>(_bytes, from.Length - first));
    }

    private int FirstPiece(uint index, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, Size);
        return (int)Math.Min((uint)length, Size - (index & (Size - 1)));
    }
}
