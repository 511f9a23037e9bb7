using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

/// <summary>Takes all descriptors of the process, so no other test runs beside it.</summary>
[CollectionDefinition(nameof(DescriptorLimitTests), DisableParallelization = true)]
[Collection(nameof(DescriptorLimitTests))]
public sealed class DescriptorLimitTests
{
    [Fact]
    public void Without_descriptors_left_the_listener_pauses_for_a_second_and_loses_nobody()
    {
        using PrivateDirectory directory = new("limit");
        FakeTimeProvider clock = new();
        using LoopRig rig = new(clock);
        List<SafeFileHandle> accepted = [];
        UnixListener listener = rig.Own(UnixListener.Bind(rig.Loop, directory["s"], 0x180, accepted.Add));
        using Socket first = Connect(directory["s"]);
        rig.TurnUntil(() => accepted.Count == 1);
        using Socket second = Connect(directory["s"]);

        // Nothing is asserted while there is no descriptor left: a failure would load what it is told with, and could not.
        string before = SetLimit(HighestDescriptor() + 20);
        List<(bool Busy, ulong Exhausted)> turns = [];
        List<SafeFileHandle> filling = Fill();
        for (int turn = 0; turn < 4; turn++)
        {
            if (turn == 2)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
            }

            turns.Add((rig.Loop.RunOnce(LoopRig.Silence), listener.Exhausted));
        }

        filling.ForEach(descriptor => descriptor.Dispose());
        SetLimit(before);

        // It is said once, then the loop sleeps although a connection waits; and once again a second later.
        Assert.Equal([(true, 1), (false, 1), (true, 1), (true, 2)], turns);
        Assert.Single(accepted);

        clock.Advance(TimeSpan.FromSeconds(1));
        rig.TurnUntil(() => accepted.Count == 2);
        accepted.ForEach(socket => socket.Dispose());
    }

    private static Socket Connect(string path)
    {
        Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        return client;
    }

    private static List<SafeFileHandle> Fill()
    {
        List<SafeFileHandle> filling = [];
        while (true)
        {
            try
            {
                filling.Add(Sys.EventFd());
            }
            catch (ErrnoException full) when (full.Errno == Errno.EMFILE)
            {
                return filling;
            }
        }
    }

    private static int HighestDescriptor()
        => Directory.GetFileSystemEntries("/proc/self/fd").Max(
            entry => int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture));

    /// <summary>Changes the soft limit of this very process.</summary>
    /// <returns>What it was.</returns>
    private static string SetLimit(object limit)
    {
        string self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        string before = Run("prlimit", "--pid", self, "--nofile", "--output", "SOFT", "--noheadings", "--raw");
        Run("prlimit", "--pid", self, $"--nofile={limit}:");
        return before;
    }

    private static string Run(string file, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.Trim();
    }
}
