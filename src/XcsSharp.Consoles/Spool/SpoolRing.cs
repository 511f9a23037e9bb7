using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace XcsSharp.Consoles;

/// <summary>What all consoles have printed of late, in the spool's file: an entry for each piece, the oldest of which give way.</summary>
/// <remarks>
/// Invariant, at each instruction: from the header's tail to its head there are whole entries. So the tail is moved before an old entry is overwritten,
/// and the head after a new one is written.
/// </remarks>
/// <param name="ringBytes">A multiple of eight.</param>
internal sealed class SpoolRing(int ringBytes)
{
    private static readonly int s_entryBytes = Unsafe.SizeOf<SpoolEntry>();

    /// <summary>The longest output in one entry: so that a piece never pushes out more than a part of the others'.</summary>
    private int MostBytes => ringBytes / 4;

    /// <summary>Adds a piece of output.</summary>
    public void Append(Span<byte> file, uint owner, long position, long time, ReadOnlySpan<byte> output)
    {
        while (!output.IsEmpty)
        {
            ReadOnlySpan<byte> piece = output[..Math.Min(output.Length, MostBytes)];
            Put(file, new SpoolEntry { Length = piece.Length, Owner = owner, Position = position, Time = time }, piece);
            position += piece.Length;
            output = output[piece.Length..];
        }
    }

    /// <summary>Whether there are whole entries and nothing else from tail to head. A daemon that was killed leaves it so; somebody else's hand may not.</summary>
    public bool IsSound(ReadOnlySpan<byte> file)
    {
        SpoolHeader header = MemoryMarshal.Read<SpoolHeader>(file);
        long at = header.Tail;
        if (at < 0 || at % 8 != 0 || header.Head < at || header.Head - at > ringBytes || header.Head > long.MaxValue / 2)
        {
            return false;
        }

        while (header.Head - at >= s_entryBytes && EntryAt(file, at).Length is > 0 and int length && length <= MostBytes)
        {
            at += Room(length);
        }

        return at == header.Head;
    }

    /// <summary>All entries, from the oldest on.</summary>
    /// <param name="file">Sound.</param>
    public IEnumerable<(SpoolEntry Entry, byte[] Output)> Read(ReadOnlyMemory<byte> file)
    {
        SpoolHeader header = MemoryMarshal.Read<SpoolHeader>(file.Span);
        for (long at = header.Tail; at < header.Head;)
        {
            SpoolEntry entry = EntryAt(file.Span, at);
            byte[] output = new byte[entry.Length];
            CopyOut(file.Span, at + s_entryBytes, output);
            yield return (entry, output);
            at += Room(entry.Length);
        }
    }

    private void Put(Span<byte> file, in SpoolEntry entry, ReadOnlySpan<byte> output)
    {
        ref SpoolHeader header = ref MemoryMarshal.AsRef<SpoolHeader>(file);
        long tail = header.Tail;
        int room = Room(entry.Length);
        while (header.Head + room - tail > ringBytes)
        {
            tail += Room(EntryAt(file, tail).Length);
        }

        Volatile.Write(ref header.Tail, tail);
        CopyIn(file, header.Head, MemoryMarshal.AsBytes(new ReadOnlySpan<SpoolEntry>(in entry)));
        CopyIn(file, header.Head + s_entryBytes, output);
        Volatile.Write(ref header.Head, header.Head + room);
    }

    private SpoolEntry EntryAt(ReadOnlySpan<byte> file, long at)
    {
        SpoolEntry entry = default;
        CopyOut(file, at, MemoryMarshal.AsBytes(new Span<SpoolEntry>(ref entry)));
        return entry;
    }

    private static int Room(int length) => s_entryBytes + ((length + 7) & ~7);

    private void CopyIn(Span<byte> file, long at, ReadOnlySpan<byte> from)
    {
        Span<byte> ring = file.Slice(SpoolLayout.RingOffset(ringBytes), ringBytes);
        int first = FirstPiece(at, from.Length);
        from[..first].CopyTo(ring[Offset(at)..]);
        from[first..].CopyTo(ring);
    }

    private void CopyOut(ReadOnlySpan<byte> file, long at, Span<byte> to)
    {
        ReadOnlySpan<byte> ring = file.Slice(SpoolLayout.RingOffset(ringBytes), ringBytes);
        int first = FirstPiece(at, to.Length);
        ring.Slice(Offset(at), first).CopyTo(to);
        ring[..(to.Length - first)].CopyTo(to[first..]);
    }

    private int Offset(long at) => (int)(at % ringBytes);

    private int FirstPiece(long at, int length) => Math.Min(length, ringBytes - Offset(at));
}
