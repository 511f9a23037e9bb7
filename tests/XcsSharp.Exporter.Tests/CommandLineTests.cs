using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Exporter.Tests;

/// <summary>What cannot be meant is refused before anything is listened on, with what to give instead.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("127.0.0.1 or [::1]", "--listen", "0.0.0.0:9788")]
    [InlineData("127.0.0.1 or [::1]", "--listen", "192.168.1.2:9788")]
    [InlineData("give for example 127.0.0.1:9788", "--listen", "localhost:9788")]
    [InlineData("give for example 127.0.0.1:9788", "--listen", "127.0.0.1")]
    [InlineData("give for example 127.0.0.1:9788", "--listen", "127.0.0.1:0")]
    [InlineData("give for example 127.0.0.1:9788", "--listen", "127.0.0.1:99999")]
    [InlineData("give for example http://127.0.0.1:4318", "--otlp", "collector:4318/x y")]
    [InlineData("give http://HOST:4318", "--otlp", "https://collector:4318")]
    [InlineData("at most a path", "--otlp", "http://collector:4318/?x=1")]
    [InlineData("name it with --otlp", "--logs")]
    [InlineData("give seconds from 1 to 3600", "--interval", "0")]
    [InlineData("give seconds from 1 to 3600", "--interval", "soon")]
    [InlineData("give 1 to 65536", "--most-consoles", "0")]
    [InlineData("give 1 to 65536", "--most-consoles", "all")]
    [InlineData("xcs-exporter --help", "serve")]
    public async Task A_wrong_option_is_refused_with_the_remedy(string remedy, params string[] options)
    {
        ChildResult result = await ChildProcess.RunAsync(Executables.Path("xcs-exporter"), options, ExporterLab.Cancel);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(remedy, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:9788")]
    [InlineData("127.0.0.2:1")]
    [InlineData("[::1]:9788")]
    public void Loopback_addresses_are_taken(string text) => Assert.True(CommandLine.TryParseListen(text, out _, out string problem), problem);

    /// <summary>In a network of its own, where the ports below 1024 are root's and there is no address of IPv6.</summary>
    [Theory]
    [InlineData("127.0.0.1:80", "ip link set lo up", "below 1024")]
    [InlineData("[::1]:9788", "true", "does not have that address")]
    public async Task An_address_that_cannot_be_had_is_named_with_what_to_do(string listen, string prepare, string remedy)
    {
        Assert.SkipWhen(Syscall.geteuid() != 0, "only root can have a network of its own, and be another user");
        ChildResult result = await ChildProcess.RunAsync(
            "unshare",
            [
                "--net", "sh", "-c",
                $"{prepare} && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\"", "sh",
                Executables.Path("xcs-exporter"), "--listen", listen,
            ],
            ExporterLab.Cancel);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains($"{listen} cannot be listened on", result.Error, StringComparison.Ordinal);
        Assert.Contains(remedy, result.Error, StringComparison.Ordinal);
        Assert.Contains("--listen ADDRESS:PORT", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_another_has_is_named_with_what_to_do()
    {
        await using ExporterLab lab = await ExporterLab.StartAsync();
        ChildResult second = await ChildProcess.RunAsync(
            Executables.Path("xcs-exporter"), ["--socket", lab.Places.Console, "--listen", lab.Address], ExporterLab.Cancel);
        Assert.Equal(3, second.ExitCode);
        Assert.Contains($"{lab.Address} cannot be listened on", second.Error, StringComparison.Ordinal);
        Assert.Contains("--listen ADDRESS:PORT", second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Error, StringComparison.Ordinal);
    }
}
