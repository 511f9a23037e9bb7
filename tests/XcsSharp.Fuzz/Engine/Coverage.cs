using System.Runtime.InteropServices;

using SharpFuzz.Common;

namespace XcsSharp.Fuzz.Engine;

/// <summary>
/// Which branches the last input took, and how often: the map that code instrumented by SharpFuzz writes, read in the same
/// process. Without instrumented code it stays empty.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int MapSize = 1 << 16;

    /// <summary>AFL's classes of counts, a bit each: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more.</summary>
    private static readonly byte[] s_classes = [.. Enumerable.Range(0, 256).Select(static count => count switch
    {
        0 => (byte)0,
        1 => (byte)1,
        2 => (byte)2,
        3 => (byte)4,
        < 8 => (byte)8,
        < 16 => (byte)16,
        < 32 => (byte)32,
        < 128 => (byte)64,
        _ => (byte)128,
    })];

    private readonly byte* _map;
    private readonly byte[] _seen = new byte[MapSize];

    public Coverage()
    {
        // SAFETY: never freed: instrumented code writes to it as long as the process lives, anywhere within 64 KiB.
        _map = (byte*)NativeMemory.AllocZeroed(MapSize);
        Trace.SharedMem = _map;
    }

    /// <summary>Branches that were taken by any input so far.</summary>
    public int Branches { get; private set; }

    /// <summary>Forgets what was covered so far: another target begins.</summary>
    public void Clear()
    {
        Array.Clear(_seen);
        new Span<byte>(_map, MapSize).Clear();
        Branches = 0;
    }

    /// <summary>Before each input: the way to a branch counts, and that begins here.</summary>
    public static void Begin() => Trace.PrevLocation = 0;

    /// <summary>After an input: true when it took a branch, or a number of times, that none before did.</summary>
    public bool TakeNews() => TakeNews(null);

    /// <summary>After an input: all that it covered, as numbers. For choosing the smallest set of inputs.</summary>
    public HashSet<int> TakeAll()
    {
        HashSet<int> all = [];
        _ = TakeNews(all);
        return all;
    }

    private bool TakeNews(HashSet<int>? all)
    {
        Span<byte> map = new(_map, MapSize);
        bool isNew = false;
        int at = 0;
        while (map[at..].IndexOfAnyExcept((byte)0) is int step and >= 0)
        {
            at += step;
            byte count = s_classes[map[at]];
            map[at] = 0;
            all?.Add((at << 8) | count);
            if ((_seen[at] & count) == 0)
            {
                Branches += _seen[at] == 0 ? 1 : 0;
                _seen[at] |= count;
                isNew = true;
            }

            if (++at == MapSize)
            {
                break;
            }
        }

        return isNew;
    }
}
