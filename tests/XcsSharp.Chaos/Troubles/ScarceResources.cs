using System.Globalization;

using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Chaos.Troubles;

/// <summary>The daemon runs out of descriptors, its disk out of room, and it is stopped and continued, which interrupts its system calls.</summary>
internal sealed class ScarceResources(Bed bed, Random random, SmallFileSystem? disk) : Trouble(bed, random)
{
    private bool _isFull;

    public override string Name => "scarce-resources";

    protected override int PauseMilliseconds => 150;

    protected override async Task ActAsync(CancellationToken cancel)
    {
        switch (Random.Next(4))
        {
            case 0:
                int open = Directory.GetFiles($"/proc/{Bed.Daemon.Pid}/fd").Length;
                await LimitAsync((open + Random.Next(4)).ToString(CultureInfo.InvariantCulture), cancel);
                Note("EMFILE");
                await Task.Delay(Random.Next(1, 200), cancel);
                await LimitAsync(Most(), cancel);
                break;
            case 1 when disk is not null:
                (_isFull ? disk.Empty : (Action)disk.Fill)();
                _isFull = !_isFull;
                Note(_isFull ? "ENOSPC" : "room again");
                break;
            default:
                for (int i = Random.Next(1, 20); i > 0; i--)
                {
                    Bed.Daemon.Process.Signal(Signum.SIGSTOP);
                    Bed.Daemon.Process.Signal(Signum.SIGCONT);
                }

                Note("EINTR");
                break;
        }
    }

    protected override async Task EndAsync()
    {
        Bed.Daemon.Process.Signal(Signum.SIGCONT);
        await LimitAsync(Most(), CancellationToken.None);
        if (_isFull)
        {
            disk!.Empty();
        }
    }

    /// <summary>The limit that it may raise its own to.</summary>
    private string Most()
        => File.ReadLines($"/proc/{Bed.Daemon.Pid}/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];

    private async Task LimitAsync(string descriptors, CancellationToken cancel)
    {
        ChildResult limited = await ChildProcess.RunAsync(
            "/usr/bin/prlimit", ["--pid", $"{Bed.Daemon.Pid}", $"--nofile={descriptors}:"], cancel);
        if (limited.ExitCode != 0)
        {
            throw new InvalidOperationException($"prlimit: {limited.Error}");
        }
    }
}
