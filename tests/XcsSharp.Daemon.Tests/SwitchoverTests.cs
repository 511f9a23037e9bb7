using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// <c>xcsd-switchover</c> against a played systemd: what it leaves when a step fails, or when it is ended there. That the commands do what they
/// are believed to do is shown in dom0 (tests/xenlab/systemd/cases/15 and 16).
/// </summary>
public sealed class SwitchoverTests
{
    private static readonly (bool, bool) s_xcsd = (true, false);
    private static readonly (bool, bool) s_xenconsoled = (false, true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task There_and_back(bool hasOwnUnit)
    {
        using SwitchoverDom0 dom0 = new(hasOwnUnit);
        Assert.Equal("now: xenconsoled\nafter a boot: xenconsoled\n", await dom0.StatusAsync());
        for (int round = 0; round < 2; round++)
        {
            ChildResult there = await dom0.RunAsync("xcsd");
            Assert.Equal((0, "now: xcsd\nafter a boot: xcsd\n", ""), (there.ExitCode, there.Output, there.Error));
            Assert.Equal((s_xcsd, s_xcsd), (dom0.Running, dom0.AtBoot));
            ChildResult back = await dom0.RunAsync("xenconsoled");
            Assert.Equal((0, "now: xenconsoled\nafter a boot: xenconsoled\n", ""), (back.ExitCode, back.Output, back.Error));
            Assert.Equal((s_xenconsoled, s_xenconsoled), (dom0.Running, dom0.AtBoot));
        }
    }

    /// <summary>One step after the other, until there is none left that could go wrong.</summary>
    [Theory]
    [InlineData(false, "fails")]
    [InlineData(true, "fails")]
    [InlineData(false, "TERM")]
    [InlineData(true, "TERM")]
    [InlineData(false, "done-TERM")]
    [InlineData(true, "done-TERM")]
    public async Task Whichever_step_goes_wrong_xenconsoled_serves_and_the_next_boot_is_as_it_was(bool hasOwnUnit, string how)
    {
        for (int step = 1; ; step++)
        {
            using SwitchoverDom0 dom0 = new(hasOwnUnit);
            dom0.Put("fault", $"{step} {how}\n");
            ChildResult result = await dom0.RunAsync("xcsd");
            string there = $"step {step} of {string.Join(", ", dom0.Steps)}: {result.Error}";
            if (result.ExitCode == 0)
            {
                Assert.True((s_xcsd, s_xcsd) == (dom0.Running, dom0.AtBoot), there);
                if (dom0.Steps.Count < step)
                {
                    Assert.True(step > 5, there);
                    return;
                }
            }
            else
            {
                Assert.True((s_xenconsoled, s_xenconsoled) == (dom0.Running, dom0.AtBoot), there);
                Assert.Equal("now: xenconsoled\nafter a boot: xenconsoled\n", await dom0.StatusAsync());
            }
        }
    }

    [Theory]
    [InlineData("xcsd", false, "KILL")]
    [InlineData("xcsd", true, "KILL")]
    [InlineData("xcsd", false, "done-KILL")]
    [InlineData("xcsd", true, "done-KILL")]
    [InlineData("xenconsoled", false, "done-KILL")]
    [InlineData("xenconsoled", true, "done-KILL")]
    public async Task Killed_at_any_step_it_leaves_a_boot_with_a_daemon_a_true_status_and_a_way_on(string to, bool hasOwnUnit, string how)
    {
        (bool, bool) wanted = to == "xcsd" ? s_xcsd : s_xenconsoled;
        for (int step = 1; ; step++)
        {
            using SwitchoverDom0 dom0 = new(hasOwnUnit);
            if (to == "xenconsoled")
            {
                Assert.Equal(0, (await dom0.RunAsync("xcsd")).ExitCode);
                dom0.Remove("steps");
            }

            dom0.Put("fault", $"{step} {how}\n");
            ChildResult result = await dom0.RunAsync(to);
            if (result.ExitCode == 0)
            {
                Assert.True(step > 3 && dom0.Steps.Count < step, $"step {step} of {string.Join(", ", dom0.Steps)}");
                return;
            }

            string there = $"step {step} of {string.Join(", ", dom0.Steps)}";
            Assert.Equal(137, result.ExitCode);
            (bool xcsd, bool xenconsoled) = dom0.AtBoot;
            Assert.True(xcsd || xenconsoled, there);
            string boot = !xenconsoled ? "xcsd" : !xcsd || !hasOwnUnit ? "xenconsoled" : "xcsd or xenconsoled, both are enabled";
            string now = dom0.Running.Xcsd ? "xcsd" : dom0.Running.Xenconsoled ? "xenconsoled" : "nobody";
            Assert.Equal($"now: {now}\nafter a boot: {boot}\n", await dom0.StatusAsync());

            dom0.Remove("fault");
            Assert.Equal(0, (await dom0.RunAsync(to)).ExitCode);
            Assert.True((wanted, wanted) == (dom0.Running, dom0.AtBoot), there);
        }
    }

    [Theory]
    [InlineData("stubborn", "", "xenconsoled still runs as process 4711")]
    [InlineData("masked/xcsd.socket", "", "there is no xcsd.socket, or it is masked")]
    [InlineData("broken", "", "xcsd does not start; see: journalctl -u xcsd")]
    [InlineData("etc/systemd/system/xen.service.d", "", "xenconsoled serves the consoles")]
    [InlineData("etc/default/xen", "export XENCONSOLED_ARGS=--log=all\n", "make that line a comment")]
    public async Task What_is_in_its_way_is_said_and_nothing_is_changed(string file, string text, string said)
    {
        using SwitchoverDom0 dom0 = new(hasOwnUnit: false);
        dom0.Put(file, text);
        ChildResult result = await dom0.RunAsync("xcsd");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(said, result.Error, StringComparison.Ordinal);
        Assert.Equal((s_xenconsoled, s_xenconsoled), (dom0.Running, dom0.AtBoot));
        Assert.Equal("now: xenconsoled\nafter a boot: xenconsoled\n", await dom0.StatusAsync());
    }

    [Fact]
    public async Task A_refusal_leaves_an_xcsd_that_serves_already()
    {
        using SwitchoverDom0 dom0 = new(hasOwnUnit: false);
        Assert.Equal(0, (await dom0.RunAsync("xcsd")).ExitCode);
        dom0.Put("xenconsoled", "4712\n");
        dom0.Put("stubborn");
        Assert.Equal(1, (await dom0.RunAsync("xcsd")).ExitCode);
        Assert.Equal(((true, true), s_xcsd), (dom0.Running, dom0.AtBoot));
    }

    [Fact]
    public async Task A_boot_that_starts_neither_is_said()
    {
        using SwitchoverDom0 dom0 = new(hasOwnUnit: false);
        Assert.Equal(0, (await dom0.RunAsync("xcsd")).ExitCode);
        dom0.Remove("enabled/xcsd.service");
        Assert.Equal("now: xcsd\nafter a boot: nobody\n", await dom0.StatusAsync());
    }
}
