using System.Globalization;

namespace XcsSharp.TestKit;

/// <summary>
/// One thread of a process, stopped as a disk that hangs stops it: somewhere in the kernel, while the others run on. It runs
/// again when this is disposed, or after forty seconds.
/// </summary>
/// <remarks>
/// By ptrace, from a process of its own, since nobody may trace a thread of his own process. A thread is held where it has waited in a system call for
/// five milliseconds, or, when it never does for two seconds, in any call that may wait. In managed code, or in a call that the runtime makes from there or with
/// one of its locks, it would hold up the next garbage collection, and with it every thread of the process.
/// </remarks>
public sealed class HeldThread : IAsyncDisposable
{
    /// <summary>PTRACE_SEIZE, PTRACE_INTERRUPT, a wait for the stop (__WALL), PTRACE_DETACH. Whoever traces and ends lets go.</summary>
    private const string Hold = """
        my ($p, $t) = @ARGV; $t += 0; $| = 1;
        # read, write, poll, ioctl, pread, pwrite, select, nanosleep, fsync, fdatasync, futex, clock_nanosleep, epoll_wait, openat, pselect, ppoll, epoll_pwait
        my %waits = map { $_ => 1 } 0, 1, 7, 16, 17, 18, 23, 35, 74, 75, 202, 230, 232, 257, 270, 271, 281;
        sub call { my $number; open my $f, "<", "/proc/$p/task/$t/syscall" or return -1; ($number) = split " ", <$f>; return $number }
        sub switches { my $text = ""; if (open my $f, "<", "/proc/$p/task/$t/status") { local $/; $text = <$f> } return $text =~ /^voluntary_ctxt_switches:\s*(\d+)/m ? $1 : -1 }
        for (my $try = 0; ; $try++) {
            my $before = switches();
            select(undef, undef, undef, 0.005);
            next if $try < 400 and not ($waits{call()} and switches() == $before);
            if (syscall(101, 0x4206, $t, 0, 0) or syscall(101, 0x4207, $t, 0, 0)) { print "refused: $!\n"; exit 1 }
            waitpid($t, 0x40000000);
            last if $waits{call()} and ($try >= 400 or switches() - $before <= 1);
            syscall(101, 17, $t, 0, 0);
        }
        print "held\n";
        $SIG{ALRM} = sub { exit 0 }; alarm 40;
        waitpid($t, 0x40000000); # a traced thread that is killed stays until it is asked for
        sleep 1000;
        """;

    private readonly ChildProcess _tracer;

    private HeldThread(ChildProcess tracer)
    {
        _tracer = tracer;
    }

    /// <returns>Null when that is not allowed here: see <see cref="Refused"/>.</returns>
    /// <param name="pid">The process.</param>
    /// <param name="name">The thread's name; it must be the only one so called.</param>
    /// <param name="cancel">Ends the wait.</param>
    public static async Task<HeldThread?> HoldAsync(int pid, string name, CancellationToken cancel)
    {
        string thread = Directory.GetDirectories($"/proc/{pid}/task").Single(task => NameOf(task) == name);
        string id = int.Parse(Path.GetFileName(thread), CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);
        ChildProcess tracer = ChildProcess.Start("perl", ["-e", Hold, pid.ToString(CultureInfo.InvariantCulture), id], new() { Name = "tracer" });
        await tracer.Output.WaitForTextAsync("\n", cancel);
        if (tracer.Output.Text == "held\n")
        {
            return new HeldThread(tracer);
        }

        await tracer.DisposeAsync();
        return null;
    }

    /// <returns>Null when the thread has ended meanwhile.</returns>
    private static string? NameOf(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Why a test is skipped.</summary>
    public static string Refused => "holding a thread by ptrace is not allowed here (needs root, or CAP_SYS_PTRACE)";

    public ValueTask DisposeAsync() => _tracer.DisposeAsync();
}
