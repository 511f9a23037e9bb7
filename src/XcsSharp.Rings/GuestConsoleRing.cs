namespace XcsSharp.Rings;

/// <summary>A console ring as the guest itself sees it: puts output, takes input. Owns the mapping.</summary>
public sealed class GuestConsoleRing : IDisposable
{
    private readonly MappedPage _page;
    private readonly ByteRingWriter _output;
    private readonly ByteRingReader _input;

    /// <param name="page">Owned from here on.</param>
    public GuestConsoleRing(MappedPage page)
    {
        _page = page;
        _output = new ByteRingWriter(ByteRingMemory.Output(page));
        _input = new ByteRingReader(ByteRingMemory.Input(page));
    }

    /// <summary>True while somebody empties the ring, or a back end from before 2025 may.</summary>
    public unsafe bool IsConnected
        // SAFETY: a constant offset in the page that this object owns.
        => Volatile.Read(ref *(_page.Address + ConsoleRingLayout.Connection)) == ConsoleRingLayout.Connected;

    /// <summary>Puts output, as much as there is room for.</summary>
    /// <returns>How many bytes: 0..2048; 0 when the ring is full.</returns>
    public int Put(ReadOnlySpan<byte> data) => _output.Put(data);

    /// <summary>Takes input.</summary>
    /// <param name="to">Gets the bytes.</param>
    /// <param name="count">How many: 0..1024.</param>
    public RingRead TryTake(Span<byte> to, out int count)
    {
        RingRead read = _input.TryTake(to, out count);
        _input.GiveRoom();
        return read;
    }

    public void Dispose() => _page.Dispose();
}
