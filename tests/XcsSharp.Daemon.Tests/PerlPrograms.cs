using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// Small programs for what only another process can do: be killed with its sockets open, or become the daemon with sockets
/// that somebody else opened. Perl, because every Debian has it.
/// </summary>
internal static class PerlPrograms
{
    /// <summary>Connects, binds everything, says "bound", and never reads its data connection nor answers.</summary>
    private const string Subscriber = """
        sub connected { socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!; connect($s, pack_sockaddr_un($ARGV[0])) or die $!; $s }
        sub ask { my ($s, $r) = @_; syswrite($s, $r) == 80 or die $!; sysread($s, my $a, 80) == 80 or die "end"; $a }
        my ($c, $d) = (connected, connected);
        my $id = substr(ask($c, "\0" x 80), 8, 8);
        ask($d, pack("V2 a8 x64", 1, 0, $id));
        ask($c, pack("V2 V v x66", 3, 0, 0xefffffff, 0xffff));
        $| = 1; print "bound\n"; sleep 1000;
        """;

    /// <summary>Attaches to a console and prints it.</summary>
    private const string Viewer = """
        socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!; connect($s, pack_sockaddr_un($ARGV[0])) or die $!;
        syswrite($s, "ATTACH $ARGV[1]\n"); $| = 1;
        while (sysread($s, my $bytes, 4096)) { print $bytes }
        """;

    /// <summary>Listens on the paths before "--" as systemd would, and becomes the command after it.</summary>
    private const string Activator = """
        $^F = 100; my @open;
        while (@ARGV and (my $path = shift @ARGV) ne "--") {
            socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!;
            my $deaf = $path =~ s/^deaf://; # a socket that only has its path
            bind($s, pack_sockaddr_un($path)) or die "$path: $!"; $deaf or listen($s, 16) or die $!;
            POSIX::dup2(fileno($s), 3 + @open) or die $!; push @open, $s; # upwards: never onto one still to be moved
        }
        $ENV{LISTEN_FDS} = @open; $ENV{LISTEN_PID} = $$;
        exec { $ARGV[0] } @ARGV or die $!;
        """;

    public static ChildProcess StartSubscriber(string socket)
        => ChildProcess.Start("perl", ["-MSocket", "-e", Subscriber, socket], new() { Name = "subscriber" });

    public static ChildProcess StartViewer(string socket, string domain)
        => ChildProcess.Start("perl", ["-MSocket", "-e", Viewer, socket, domain], new() { Name = "viewer" });

    /// <summary>
    /// A prefix of the daemon's command line: the daemon gets these sockets from descriptor 3 on. One whose path begins
    /// with <c>deaf:</c> does not listen.
    /// </summary>
    public static string[] Listening(params string[] paths) => ["perl", "-MSocket", "-MPOSIX=dup2", "-e", Activator, .. paths, "--"];
}
