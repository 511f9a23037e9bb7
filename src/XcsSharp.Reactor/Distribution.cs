namespace XcsSharp.Reactor;

/// <summary>How often values of each size came: counts by upper bounds, and the sum.</summary>
/// <remarks>
/// Loop thread only, and no more than an array: it is added to in each turn, where an instrument of a meter would look for its listeners each
/// time. Whoever shows it reads it when it is asked to.
/// </remarks>
/// <param name="bounds">In ascending order; a value belongs to the first one that it is not above. Few, and the usual ones first: they are
/// looked at one after the other.</param>
public sealed class Distribution(params long[] bounds)
{
    private readonly long[] _counts = new long[bounds.Length + 1];

    /// <summary>The upper bounds; there is one count more, of what is above all of them.</summary>
    public IReadOnlyList<long> Bounds => bounds;

    /// <summary>How many values were in each of the stretches, not added up.</summary>
    public IReadOnlyList<long> Counts => _counts;

    /// <summary>Of all values.</summary>
    public long Sum { get; private set; }

    /// <summary>Counts one more.</summary>
    public void Add(long value)
    {
        int at = 0;
        while (at < bounds.Length && value > bounds[at])
        {
            at++;
        }

        _counts[at]++;
        Sum += value;
    }
}
