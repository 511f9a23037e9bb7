using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace XcsSharp.Consoles;

/// <summary>
/// Where things are in the spool's file. A header; one slot for each console that has printed; a ring of what all of them have printed of late.
/// Native byte order: only a daemon on the same machine reads it.
/// </summary>
internal static class SpoolLayout
{
    public const int HeaderBytes = 4096;

    /// <summary>Owner and log's name; then the two copies of the record, of which <see cref="SpoolOwner.Active"/> is valid.</summary>
    public const int SlotBytes = 512;

    public const int NameOffset = 48;

    public const int MostNameBytes = RecordOffset - NameOffset;

    public const int RecordOffset = 192;

    public const int RecordBytes = 160;

    /// <summary>So much of the ring for each slot.</summary>
    public const int RingBytesASlot = 4096;

    public const int LeastRingBytes = 64 * 1024;

    public const int MostRingBytes = 64 << 20;

    public const int MostHeldBytes = 64;

    /// <summary>"XCSPOOL" and the version of all this.</summary>
    public const ulong Magic = 0x01_4c4f4f50534358;

    /// <summary>Whether a file with this beginning is a spool of its own size.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> head, long size)
        => MemoryMarshal.TryRead(head, out SpoolHeader header)
            && header.Magic == Magic
            && header.RingBytes is >= LeastRingBytes and <= MostRingBytes
            && header.RingBytes % RingBytesASlot == 0
            && size == FileBytes((int)header.RingBytes);

    /// <summary>Of a file of that size.</summary>
    public static int RingBytes(int fileBytes) => (fileBytes - HeaderBytes) / (SlotBytes + RingBytesASlot) * RingBytesASlot;

    public static int Slots(int ringBytes) => ringBytes / RingBytesASlot;

    public static int FileBytes(int ringBytes) => RingOffset(ringBytes) + ringBytes;

    public static int SlotOffset(int slot) => HeaderBytes + (slot * SlotBytes);

    public static int RingOffset(int ringBytes) => SlotOffset(Slots(ringBytes));
}

/// <summary>The file's beginning. Positions in the ring grow for ever; its bytes are there modulo its length.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SpoolHeader
{
    public ulong Magic;
    public long RingBytes;

    /// <summary>Behind the newest entry. Written after it.</summary>
    public long Head;

    /// <summary>The oldest whole entry. Written before a newer one takes its place.</summary>
    public long Tail;

    /// <summary>The last number that a slot's owner got.</summary>
    public uint LastOwner;
}

/// <summary>Whose slot it is: the console of one life of a domain.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SpoolOwner
{
    /// <summary>Its entries have the same. 0: nobody's. Written last, and first when it is given up.</summary>
    public uint Number;

    /// <summary>Which of the two records is valid. One store, so that nobody ever finds half of a record.</summary>
    public uint Active;
    public uint Domid;
    public int Console;
    public Guid Uuid;
    public int NameBytes;
}

/// <summary>How far the console and its readers are.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SpoolRecord
{
    /// <summary>Position behind the last byte that the guest has printed.</summary>
    public long End;

    /// <summary>Position that the log has come to, and how many of the bytes before it has.</summary>
    public long LogPosition;
    public long Logged;

    /// <summary>Where its file ended then: what is behind that now was written by somebody who could not say so any more. See <see cref="NotLooked"/>.</summary>
    public ulong LogInode;
    public long LogSize;

    /// <summary>When the file has so many bytes more, a gap mark is in it, and the log is at that position. 0: what follows is output.</summary>
    public int MarkBytes;
    public long BehindMark;

    /// <summary>Position that the terminal has come to, and the journal.</summary>
    public long Terminal;
    public long Journal;

    /// <summary>The guest's own count of what was taken from its ring, with <see cref="End"/>.</summary>
    public uint OutputIndex;

    /// <summary>The filter of the log, in the middle of what it is (<see cref="FilterState"/>).</summary>
    public byte FilterState;
    public byte FilterHeld;
    public short FilterContinuations;
    public int FilterStringLength;
    private HeldBytes _held;

    /// <summary>An inode that no file has: nothing was written to the log since, because nobody has looked at the file yet.</summary>
    public const ulong NotLooked = ulong.MaxValue;

    public readonly FilterState? Filter
        => FilterState == 0 ? null : new FilterState(FilterState, Held[..FilterHeld].ToArray(), FilterStringLength, FilterContinuations);

    [UnscopedRef]
    private readonly ReadOnlySpan<byte> Held => _held;

    public void SetFilter(FilterState? filter)
    {
        FilterState = (byte)(filter?.State ?? 0);
        FilterHeld = (byte)(filter?.Held.Length ?? 0);
        FilterContinuations = (short)(filter?.Continuations ?? 0);
        FilterStringLength = filter?.StringLength ?? 0;
        filter?.Held.CopyTo(_held);
    }

    [InlineArray(SpoolLayout.MostHeldBytes)]
    private struct HeldBytes
    {
        private byte _first;
    }
}

/// <summary>What stands before a piece of output in the ring.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SpoolEntry
{
    /// <summary>Bytes of output behind this; then to a multiple of eight.</summary>
    public int Length;

    /// <summary>Whose: <see cref="SpoolOwner.Number"/>.</summary>
    public uint Owner;

    /// <summary>Of its first byte.</summary>
    public long Position;

    /// <summary>UTC in ms since 1970 of when it came.</summary>
    public long Time;
}
