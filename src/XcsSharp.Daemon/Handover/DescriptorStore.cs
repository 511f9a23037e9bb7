using System.Globalization;

using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Consoles;
using XcsSharp.Reactor;

namespace XcsSharp.Daemon.Handover;

/// <summary>
/// The service manager's store of our descriptors (sd_notify(3), FDSTORE=1): it gives them to the next daemon, by the names that they have
/// here, after a restart and after a crash, and closes them when the service is stopped.
/// </summary>
/// <remarks>
/// How many it takes the variable FDSTORE says: systemd sets it from 254 on, and for those before it the unit does, beside
/// FileDescriptorStoreMax=. Beyond that it would drop them without a word to us. Terminals may have half of it: the rest is for an orderly restart.
/// </remarks>
internal sealed class DescriptorStore : IDescriptorKeeper, IDisposable
{
    /// <summary>A manager that is busy starting a machine takes its time; one that hangs must not keep us from ending.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    /// <summary>What is used of it, however much there is: with more, the names would be longer than the kernel lets the next daemon's environment be, and none would start.</summary>
    internal const int MostUsed = 4096;

    private readonly ServiceManagerSocket _manager;
    private readonly ILogger _log;

    private DescriptorStore(EventLoop loop, string path, int capacity, ILogger log)
    {
        _manager = new ServiceManagerSocket(loop, path);
        _log = log;
        Capacity = capacity;
    }

    /// <summary>Descriptors that it takes in all.</summary>
    public int Capacity { get; }

    public int MostForTerminals => Capacity / 2;

    /// <summary>Connections that it takes beside so many terminals, the state and its bytes.</summary>
    public int RoomBeside(int terminals) => Math.Max(0, Capacity - (2 * terminals) - 2);

    /// <summary>Null where there is none: no service manager, or one that keeps nothing for us.</summary>
    public static DescriptorStore? Open(EventLoop loop, ILogger log)
        => Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } path
            && CapacityOf(Environment.GetEnvironmentVariable("FDSTORE")) is > 0 and int capacity
                ? new DescriptorStore(loop, path, capacity, log)
                : null;

    /// <summary>What a value of FDSTORE means; 0: nothing.</summary>
    internal static int CapacityOf(string? text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int capacity) ? Math.Min(capacity, MostUsed) : 0;

    public void Keep(string name, IReadOnlyList<SafeFileHandle> descriptors) => _manager.Send($"FDSTORE=1\nFDNAME={name}\n", descriptors);

    public void Forget(string name) => _manager.Send($"FDSTOREREMOVE=1\nFDNAME={name}\n", []);

    /// <summary>Waits until it has all that it was given: what comes from a process that has ended may be thrown away.</summary>
    public void Flush()
    {
        if (!_manager.Flush(s_patience) || _manager.Problem is not null)
        {
            _log.NotAllStored(_manager.Problem ?? "it did not answer in time");
        }
    }

    public void Dispose() => _manager.Dispose();
}
