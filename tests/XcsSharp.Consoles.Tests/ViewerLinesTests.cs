using Microsoft.Extensions.Time.Testing;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class ViewerLinesTests
{
    [Fact]
    public void Who_attaches_and_leaves_on_and_on_does_not_fill_the_log_and_is_counted()
    {
        var log = new ListLog();
        var clock = new FakeTimeProvider();
        using var rig = new ConsoleRig(static options => options.PtyDirectory = null, clock, log: log, operatorLog: log);
        var (_, _, console) = rig.AddConsole();
        for (int i = 0; i < 1000; i++)
        {
            TestClient viewer = rig.Attach();
            viewer.Dispose();
            rig.RunUntil(() => console.Viewers == 0, "the end");
        }

        Assert.Equal(128, log.Notes.Length);
        clock.Advance(TimeSpan.FromSeconds(10.1));
        rig.RunIdle();
        string last = log.Notes[128];
        Assert.Equal(129, log.Notes.Length);
        Assert.Contains(" 1872 more lines", last, StringComparison.Ordinal);
        Assert.Contains($"uid {Mono.Unix.Native.Syscall.geteuid()}", last, StringComparison.Ordinal);

        // And then as before.
        _ = rig.Attach();
        Assert.Contains("attached", log.Notes[129], StringComparison.Ordinal);
    }
}
