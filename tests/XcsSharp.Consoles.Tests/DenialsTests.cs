using Microsoft.Extensions.Time.Testing;

using XcsSharp.Reactor;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class DenialsTests
{
    [Fact]
    public void Who_asks_on_and_on_does_not_fill_the_log_and_is_counted()
    {
        var clock = new FakeTimeProvider();
        using var loop = new EventLoop(clock);
        var log = new ListLog();
        var denials = new Denials(loop, log);
        for (int i = 0; i < Denials.MostLines + 100; i++)
        {
            denials.Note(1000, i, "no");
        }

        Assert.Equal(Denials.MostLines, log.Warnings.Length);
        Assert.Contains("uid 1000, pid 0: no (0 more", log.Warnings[0], StringComparison.Ordinal);

        clock.Advance(Denials.Window);
        _ = loop.RunOnce(TimeSpan.Zero);
        denials.Note(1001, 5, "no");
        Assert.Equal(Denials.MostLines + 1, log.Warnings.Length);
        Assert.Contains("uid 1001, pid 5: no (100 more", log.Warnings[^1], StringComparison.Ordinal);
    }
}
