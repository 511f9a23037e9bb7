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
    public static long Least(Action work) => Least(work, Windows, GC.GetAllocatedBytesForCurrentThread);

    /// <summary>The same for work that goes on on several threads: what the whole process allocates. Nothing else may run in it. A
    /// little is the runtime's own, whatever the work: its pools of state machines are kept by thread, and miss now and then.</summary>
    public static long LeastOfAllThreads(Action work)
    {
        work();
        return Least(work, 40 * Windows, static () => GC.GetTotalAllocatedBytes(precise: true));
    }

    private static long Least(Action work, int windows, Func<long> allocated)
    {
        long least = long.MaxValue;
        for (int window = 0; window < windows && least > 0; window++)
        {
            long before = allocated();
            work();
            least = Math.Min(least, allocated() - before);
        }

        return least;
    }
}
