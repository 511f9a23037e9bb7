using System.Globalization;

namespace XcsSharp.Chaos.Troubles;

/// <summary>The wall clock jumps, by libfaketime: back by years, ahead by days. What the daemon waits for must not depend on it.</summary>
internal sealed class WallClock(Bed bed, Random random, string file) : Trouble(bed, random)
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

    public override string Name => "wall-clock";

    protected override int PauseMilliseconds => 1500;

    /// <summary>What the daemon is to be started with; nothing where the library is missing.</summary>
    public static IReadOnlyDictionary<string, string> EnvironmentOf(string file)
        => !File.Exists(Library)
            ? new Dictionary<string, string>()
            : new Dictionary<string, string>
            {
                ["LD_PRELOAD"] = Library,
                ["FAKETIME_TIMESTAMP_FILE"] = file,
                ["FAKETIME_CACHE_DURATION"] = "1",
                ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            };

    /// <summary>What the library makes for each process, and leaves when that does not end by its own exit handlers.</summary>
    public static void RemoveTraces(int pid)
    {
        File.Delete($"/dev/shm/faketime_shm_{pid}");
        File.Delete($"/dev/shm/sem.faketime_sem_{pid}");
    }

    protected override Task ActAsync(CancellationToken cancel)
    {
        string offset = OneOf("+0", "-86400", "+86400", "-900000000", "+3600", "-1", "+1", "+100000000");
        SetOffset(file, offset);
        Note("a jump", offset);
        return Task.CompletedTask;
    }

    /// <summary>Renamed into its place: a file that is half written would be a third time.</summary>
    public static void SetOffset(string file, string offset)
    {
        string fresh = string.Create(CultureInfo.InvariantCulture, $"{file}.new");
        File.WriteAllText(fresh, offset + "\n");
        File.Move(fresh, file, overwrite: true);
    }
}
