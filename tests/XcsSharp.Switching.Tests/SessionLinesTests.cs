namespace XcsSharp.Switching.Tests;

/// <summary>Clients that come and go as fast as they can do not fill the daemon's log.</summary>
public sealed class SessionLinesTests
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);

    [Fact]
    public void Sessions_of_one_user_have_so_many_lines_and_then_one_that_sums_up()
    {
        using SwitchRig rig = new();
        for (int i = 0; i < 400; i++)
        {
            _ = rig.Connect().Ask(Records.ConnectControl(0));
        }

        Assert.Equal(128, rig.Log.Lines.Count(static line => line.Line.EndsWith(" began", StringComparison.Ordinal)));
        rig.Advance(s_window);
        Assert.Contains(": 272 more lines", Assert.Single(rig.Log.Lines, static line => line.Line.Contains("left out", StringComparison.Ordinal)).Line, StringComparison.Ordinal);

        // Their ends are lines as well, and what is owed when the daemon ends is said then.
        rig.Listener.Dispose();
        Assert.Equal(128, rig.Log.Lines.Count(static line => line.Line.Contains(" ended: ", StringComparison.Ordinal)));
        Assert.Equal(2, rig.Log.Lines.Count(static line => line.Line.Contains(": 272 more lines", StringComparison.Ordinal)));
    }

    [Fact]
    public void Silent_connections_are_summed_up()
    {
        using SwitchRig rig = new();
        for (int i = 0; i < 200; i++)
        {
            _ = rig.Connect();
        }

        rig.Advance(rig.Options.FirstRecordTimeout);
        Assert.Equal(128, rig.Log.Lines.Count(static line => line.Line.Contains("did not say in time", StringComparison.Ordinal)));
        rig.Advance(s_window);
        Assert.Contains(rig.Log.Lines, static line => line.Line.Contains(": 72 more lines", StringComparison.Ordinal));
        Assert.Equal(200ul, rig.Switch.Counters.SilentConnectionsClosed);
    }

    [Fact]
    public void Refused_connections_are_summed_up_and_counted()
    {
        using SwitchRig rig = new(static options => options.MaxSessions = 1);
        _ = rig.OpenSession();
        _ = rig.Connect();
        for (int i = 0; i < 500; i++)
        {
            _ = rig.Connect();
        }

        Assert.Equal(128, rig.Log.Warnings.Count());
        rig.Advance(s_window);
        Assert.Contains("372 more connections were refused", rig.Log.Warnings.Last(), StringComparison.Ordinal);
        Assert.Equal((129, 500ul), (rig.Log.Warnings.Count(), rig.Switch.Counters.ConnectionsRefused));
    }
}
