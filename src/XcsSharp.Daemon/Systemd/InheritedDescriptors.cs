using System.Globalization;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Daemon.Handover;
using XcsSharp.Reactor;

namespace XcsSharp.Daemon.Systemd;

/// <summary>
/// Descriptors that the service manager gave us (sd_listen_fds(3)): from 3 on, counted by LISTEN_FDS, meant for the process LISTEN_PID, named
/// by LISTEN_FDNAMES. Sockets that it listens on, and what the daemon before has left with it.
/// </summary>
internal static class InheritedDescriptors
{
    private const int FirstDescriptor = 3;

    /// <summary>More than the unit lets the store hold, and the sockets.</summary>
    private const int MostDescriptors = 8192;

    /// <summary>Takes them over; none when the environment names none for this process.</summary>
    /// <exception cref="StartFailure">The environment is inconsistent.</exception>
    public static void AddTo(HandedDescriptors handed)
    {
        string? pid = Environment.GetEnvironmentVariable("LISTEN_PID");
        string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        if (count is null || pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
        {
            return;
        }

        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptors)
            || descriptors > MostDescriptors)
        {
            throw new StartFailure(ExitCode.CannotStart, $"LISTEN_FDS is '{count}'", $"It must be a number up to {MostDescriptors}.");
        }

        string[] names = Environment.GetEnvironmentVariable("LISTEN_FDNAMES")?.Split(':') ?? [];
        for (int i = 0; i < descriptors; i++)
        {
            SafeFileHandle descriptor = new(FirstDescriptor + i, ownsHandle: true);
            OpenDescriptors.KeepFromPrograms(descriptor);
            handed.Add(i < names.Length ? names[i] : "", descriptor, isStored: true);
        }
    }
}
