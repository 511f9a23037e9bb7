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

        string before = SetLimit(HighestDescriptor() + 20);
        List<SafeFileHandle> filling = Fill();
        try
        {
            // The listener says so once, and the loop sleeps although a connection waits.
            rig.AssertSleeps();
            Assert.Equal(1UL, listener.Exhausted);
            clock.Advance(TimeSpan.FromSeconds(1));
            rig.AssertSleeps();
            Assert.Equal(2UL, listener.Exhausted);
            Assert.Single(accepted);
        }
        finally
        {
            filling.ForEach(descriptor => descriptor.Dispose());
            SetLimit(before);
        }

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
