using XcsSharp.TestKit;

namespace XcsSharp.Guest.Tests;

/// <summary>What xcs-guest says when it is called wrongly, or where it can not be.</summary>
public sealed class CommandLineTests(SimulatedXen xen)
{
    private static readonly string s_program = Path.Combine(AppContext.BaseDirectory, "xcs-guest");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("flood", "--bytes", "0")]
    [InlineData("flood", "--bytes", "many")]
    [InlineData("flood", "--rate", "-1")]
    [InlineData("flood", "--rate", "fast")]
    [InlineData("console", "--type", "256")]
    [InlineData("console", "--transport", "pigeon")]
    [InlineData("dance")]
    [InlineData]
    public async Task A_command_line_that_makes_no_sense_is_exit_code_2(params string[] arguments)
    {
        ChildResult result = await RunAlone(arguments);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.EndsWith("Try: xcs-guest --help\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Outside_of_any_xen_it_says_where_it_belongs()
    {
        Assert.SkipWhen(File.Exists("/dev/xen/evtchn"), "this machine is a Xen domain");
        ChildResult result = await RunAlone("console");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("simxen run", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_without_a_classic_port_to_take_gets_an_error_and_no_stack_trace()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartDomain(
            domid, false, ["/bin/sh", "-c", "XCS-GUEST echo --classic --announce & read go; XCS-GUEST echo --classic; kill $!"]);
        await guest.Error.WaitForTextAsync("ready", Cancel);
        await guest.Input.WriteAsync("go\n"u8.ToArray(), Cancel);
        await guest.Input.FlushAsync(Cancel);
        await guest.WaitAsync(Cancel);
        Assert.Contains("xcs-guest: simxen_evtchn_claim port 1: ", guest.Error.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", guest.Error.Text, StringComparison.Ordinal);
    }

    private static Task<ChildResult> RunAlone(params string[] arguments)
        => ChildProcess.RunAsync(s_program, arguments, Cancel);
}
