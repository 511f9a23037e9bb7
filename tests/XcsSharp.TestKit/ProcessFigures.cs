using System.Globalization;

namespace XcsSharp.TestKit;

/// <summary>What /proc says of a process.</summary>
public static class ProcessFigures
{
    private const double TicksPerSecond = 100; // USER_HZ: fixed for user space on every x86 kernel

    /// <summary>Processor time used so far, user and system, all threads. Its grain is 10 ms.</summary>
    public static TimeSpan CpuTime(int pid)
    {
        // The second field is the name in parentheses, which may hold spaces: count from behind it.
        string stat = File.ReadAllText($"/proc/{pid}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        long ticks = long.Parse(fields[11], CultureInfo.InvariantCulture)
            + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    /// <summary>The same by the scheduler's own count, to the nanosecond. Without threads that have ended.</summary>
    public static TimeSpan CpuNanoseconds(int pid)
    {
        long sum = 0;
        foreach (string task in Directory.GetDirectories($"/proc/{pid}/task"))
        {
            sum += long.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
        }

        return TimeSpan.FromTicks(sum / TimeSpan.NanosecondsPerTick);
    }

    /// <summary>Its own memory, and of what it shares with others its part, in KiB.</summary>
    public static long ProportionalKiB(int pid) => Field($"/proc/{pid}/smaps_rollup", "Pss:");

    /// <summary>Resident memory in KiB.</summary>
    public static long ResidentKiB(int pid) => Field($"/proc/{pid}/status", "VmRSS:");

    /// <summary>How often each thread has gone to sleep by itself and was woken: by thread id.</summary>
    public static IReadOnlyDictionary<int, (string Name, long Sleeps)> Sleeps(int pid)
    {
        Dictionary<int, (string, long)> threads = [];
        foreach (string task in Directory.GetDirectories($"/proc/{pid}/task"))
        {
            string name = File.ReadAllText($"{task}/comm").TrimEnd();
            long sleeps = Field($"{task}/status", "voluntary_ctxt_switches:");
            threads[int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture)] = (name, sleeps);
        }

        return threads;
    }

    private static long Field(string file, string name)
    {
        foreach (string line in File.ReadLines(file))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                string value = line[name.Length..].Trim().Split(' ')[0];
                return long.Parse(value, CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidDataException($"{file} has no {name}");
    }
}
