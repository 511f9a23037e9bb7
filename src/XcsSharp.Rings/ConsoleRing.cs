namespace XcsSharp.Rings;

/// <summary>
/// A guest's console ring as dom0 sees it: takes output, puts input. Owns the mapping: disposing unmaps it, and the
/// ring must not be used after that. The guest is not notified: the caller does that, if an index moved.
/// </summary>
public sealed class ConsoleRing : IDisposable
{
    private readonly MappedPage _page;
    private readonly ByteRingReader _output;
    private readonly ByteRingWriter _input;

    /// <summary>
    /// Attaches to a ring that may be in use: output that nobody took is taken, input that the guest has not read
    /// stays. Nothing is written.
    /// </summary>
    /// <param name="page">Owned from here on.</param>
    public ConsoleRing(MappedPage page)
    {
        _page = page;
        ByteRingMemory output = ByteRingMemory.Output(page);
        ByteRingMemory input = ByteRingMemory.Input(page);
        WasUsed = output.Consumer != 0 || input.Producer != 0;
        _output = new ByteRingReader(output);
        _input = new ByteRingWriter(input);
    }

    /// <summary>An earlier life of this end has taken or put something, and may have ended before it told the guest.</summary>
    public bool WasUsed { get; }

    /// <summary>
    /// True once the guest's index of input is impossible, which is looked at here and by <see cref="Put"/>; that takes nothing
    /// any more.
    /// </summary>
    public bool IsInputCorrupt => _input.IsCorrupt;

    /// <summary>
    /// Tells the guest that its output is taken from now on. Guests since 2025 write nothing before; older ones do not look.
    /// </summary>
    public unsafe void Connect()
        // SAFETY: a constant offset in the page that this object owns.
        => Volatile.Write(ref *(_page.Address + ConsoleRingLayout.Connection), ConsoleRingLayout.Connected);

    /// <summary>Takes output, at most as much as fits; what was taken is room for the guest with <see cref="GiveRoom"/>.</summary>
    /// <param name="to">Gets the bytes.</param>
    /// <param name="count">How many: 0..2048.</param>
    /// <returns><see cref="RingRead.Corrupt"/> when the guest's index is impossible.</returns>
    public RingRead TryTake(Span<byte> to, out int count) => _output.TryTake(to, out count);

    /// <summary>Index behind the last byte of output that was taken, as the page has it: free-running.</summary>
    public uint OutputIndex => _output.Index;

    /// <summary>All output that was taken is room for the guest again.</summary>
    public void GiveRoom() => _output.GiveRoom();

    /// <summary>
    /// An earlier life of this end has taken up to this <see cref="OutputIndex"/>, and ended before it gave the room. An index that can not be is
    /// passed over.
    /// </summary>
    public void GoOnFrom(uint index) => _output.GoOnFrom(index);

    /// <summary>Puts input, as much as there is room for.</summary>
    /// <returns>How many bytes: 0..1024. 0: the ring is full, or <see cref="IsInputCorrupt"/>.</returns>
    public int Put(ReadOnlySpan<byte> data) => _input.Put(data);

    public void Dispose() => _page.Dispose();
}
