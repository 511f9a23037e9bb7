using System.Numerics;

namespace XcsSharp.Consoles;

/// <summary>
/// What all consoles' histories together may take, and who gives way when it is reached: first the consoles whose domain is gone, the
/// one that ended first of all; then the largest, of these the one whose memory has not changed for longest.
/// </summary>
/// <remarks>
/// Loop thread only. Finding the one takes the same few steps for one console and for ten thousand: consoles stand in lists by size
/// class, a class for each power of two, so "the largest" is right to a factor of two. One that needs memory and is the largest takes its own oldest.
/// A chunk that was given up waits here for the next who needs one, so at the limit nothing is allocated; at most
/// <see cref="Spares"/> of them, which are not counted.
/// </remarks>
public sealed class HistoryBudget
{
    /// <summary>Two batches for a terminal, so that most are written in one piece.</summary>
    internal const int ChunkSize = 32 * 1024;

    private const int Spares = 8;

    private readonly Backlog?[] _bySize = new Backlog?[32];
    private readonly Stack<byte[]> _spares = new(Spares);
    private Backlog? _ended;

    /// <param name="limit">The most bytes that all histories take together; at least what one may take.</param>
    public HistoryBudget(long limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        Limit = limit;
    }

    /// <summary>The most bytes that all histories take together.</summary>
    public long Limit { get; }

    /// <summary>Bytes taken now: 0..<see cref="Limit"/>.</summary>
    public long Used { get; private set; }

    /// <summary>How often a history had to give up what it would have kept.</summary>
    public ulong TimesGivenWay { get; private set; }

    /// <summary>Memory for a history. Others, or itself, may have less afterwards.</summary>
    internal byte[] Rent(Backlog owner, int size)
    {
        while (Used + size > Limit && Find() is { } next)
        {
            TimesGivenWay++;
            next.GiveWay();
        }

        byte[] chunk = size != ChunkSize ? GC.AllocateUninitializedArray<byte>(size)

            // Pinned: the collector never copies it.
            : _spares.TryPop(out byte[]? spare) ? spare : GC.AllocateUninitializedArray<byte>(size, pinned: true);
        Count(owner, size);
        return chunk;
    }

    internal void Return(Backlog owner, byte[] chunk)
    {
        if (chunk.Length == ChunkSize && _spares.Count < Spares)
        {
            _spares.Push(chunk);
        }

        Count(owner, -chunk.Length);
    }

    /// <summary>Its domain is gone: it gives way before the living from now on.</summary>
    internal void OnEnded(Backlog owner)
    {
        Leave(owner);
        owner.HasEnded = true;
        owner.WasFirst = false;
        Enter(owner);
    }

    private void Count(Backlog owner, int change)
    {
        Leave(owner);
        Used += change;
        owner.Capacity += change;
        Enter(owner);
    }

    private Backlog? Find()
    {
        if (_ended is not null)
        {
            return _ended;
        }

        int size = _bySize.Length - 1;
        while (size >= 0 && _bySize[size] is null)
        {
            size--;
        }

        return size < 0 ? null : _bySize[size];
    }

    private ref Backlog? ListOf(Backlog owner)
        => ref owner.HasEnded ? ref _ended : ref _bySize[BitOperations.Log2((uint)owner.Capacity)];

    /// <summary>At the end of its list; one of the ended stays where it is, before those that ended later.</summary>
    private void Enter(Backlog owner)
    {
        if (owner.Capacity == 0)
        {
            return;
        }

        ref Backlog? first = ref ListOf(owner);
        if (first is null)
        {
            first = owner.Next = owner.Previous = owner;
            return;
        }

        (owner.Previous, owner.Next) = (first.Previous, first);
        first.Previous!.Next = owner;
        first.Previous = owner;
        if (owner.HasEnded && owner.WasFirst)
        {
            first = owner;
        }
    }

    private void Leave(Backlog owner)
    {
        owner.WasFirst = false;
        if (owner.Next is null)
        {
            return;
        }

        ref Backlog? first = ref ListOf(owner);
        owner.WasFirst = first == owner;
        if (owner.Next == owner)
        {
            first = null;
        }
        else
        {
            (owner.Previous!.Next, owner.Next.Previous) = (owner.Next, owner.Previous);
            first = owner.WasFirst ? owner.Next : first;
        }

        owner.Next = owner.Previous = null;
    }
}
