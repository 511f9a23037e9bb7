using XcsSharp.Rings;

namespace XcsSharp.Switching;

/// <summary>
/// What a guest's console stands on: a source of output, a sink of input, and the port that tells of both. A mapped
/// console ring on Xen; the hypervisor's own log has the same shape. Owned by the stream that is made of it;
/// disposing unbinds the port and unmaps the page.
/// </summary>
public interface IConsoleTransport : IDisposable
{
    /// <summary>0: the primary console; 1..9: a secondary one, as the guest's hvc1 and so on.</summary>
    int Number { get; }

    /// <summary>dom0's end of the event channel.</summary>
    int LocalPort { get; }

    /// <summary>The guest's end; 0 when there is none.</summary>
    int RemotePort { get; }

    /// <summary>False for a console that takes no input; <see cref="Put"/> is not called then.</summary>
    bool TakesInput { get; }

    /// <summary>
    /// An earlier daemon has taken output from it, or put input, and may have been killed before it signalled the guest. True for good.
    /// </summary>
    bool WasUsed { get; }

    /// <summary>How many bytes of its newest output whoever made the domain wants to be kept; null: nothing was said.</summary>
    long? HistoryWish { get; }

    /// <summary>
    /// Events of the port go to <paramref name="handler"/> from now on, and the guest is told that its output is taken. A
    /// first event is made up, because output may have been waiting before the port was bound.
    /// </summary>
    void Start(IPortHandler handler);

    /// <summary>Lets the port be signalled again. Call it before looking for output, or a wake-up is lost.</summary>
    void Unmask();

    /// <summary>Signals the guest.</summary>
    /// <returns>False when the other end is gone.</returns>
    bool Notify();

    /// <summary>Copies output out, at most as much as fits. The guest has the room with <see cref="GiveRoom"/>, and not before.</summary>
    /// <param name="to">Gets the bytes.</param>
    /// <param name="count">How many.</param>
    /// <returns><see cref="RingRead.Corrupt"/>, for good, when the guest's index is impossible.</returns>
    RingRead TryTake(Span<byte> to, out int count);

    /// <summary>
    /// Index behind the last byte of output that was taken: with that a daemon that follows one that was killed knows what it has already. 0 where
    /// nothing can be taken twice.
    /// </summary>
    uint OutputIndex { get; }

    /// <summary>All output that was taken is safe with its reader: the guest may write over it.</summary>
    void GiveRoom();

    /// <summary>An earlier daemon has taken up to this <see cref="OutputIndex"/>, whatever it had time to tell the guest. Before <see cref="Start"/>.</summary>
    void GoOnFrom(uint outputIndex);

    /// <summary>Gives the guest input, as much as there is room for.</summary>
    /// <returns>How many bytes; 0 also when <see cref="IsInputCorrupt"/>.</returns>
    int Put(ReadOnlySpan<byte> input);

    /// <summary>True once the guest's index of input is impossible, for good. Looks at it: one read of the page.</summary>
    bool IsInputCorrupt { get; }

    /// <summary>
    /// Makes the terminal of this console known where the toolstack's tools look for it (the <c>tty</c> key). Null: there
    /// is none any more.
    /// </summary>
    void PublishTerminal(string? device);
}
