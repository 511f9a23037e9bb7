using System.Diagnostics;

using Xunit;

namespace XcsSharp.Consoles.Tests;

internal static class HangUps
{
    /// <summary>What <c>vhangup</c> does at the start of a login session, on a terminal of our choice (TIOCVHANGUP).</summary>
    public static void HangUp(string device)
    {
        const string Script = "open(my $t, '+<', $ARGV[0]) or exit 2; ioctl($t, 0x5437, 0) or exit 3;";
        Assert.SkipUnless(File.Exists("/usr/bin/perl"), "hanging up a terminal needs perl here, and there is none");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "hanging up a terminal needs root (CAP_SYS_ADMIN)");
        using var perl = Process.Start("/usr/bin/perl", ["-e", Script, device]);
        perl.WaitForExit();
        Assert.SkipWhen(perl.ExitCode == 3, "hanging up a terminal was refused: CAP_SYS_ADMIN is missing");
        Assert.Equal(0, perl.ExitCode);
    }
}
