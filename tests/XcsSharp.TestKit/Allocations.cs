namespace XcsSharp.TestKit;

/// <summary>What work allocates on the thread that does it, each time it is done.</summary>
public static class Allocations
{
    private const int Windows = 5;

    /// <summary>
    /// The least of a few measurements, up to the first that finds nothing. The runtime itself allocates now and then on whatever
    /// thread there is (a cache of casts that grows, a method that is compiled anew); work that allocates does so in each.
    /// </summary>
    /// <param name="work">Many repetitions of what is measured; called 1 to 5 times, after whatever is made once was made.</param>
    /// <returns>Bytes.</returns>
    public static long Least(Action work)
    {
        long least = long.MaxValue;
        for (int window = 0; window < Windows && least > 0; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
