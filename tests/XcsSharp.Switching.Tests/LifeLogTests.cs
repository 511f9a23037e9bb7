using System.Buffers.Binary;

using Microsoft.Extensions.Logging;

using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests;

/// <summary>What the log says of channels and consoles that come and go.</summary>
public sealed class LifeLogTests : IDisposable
{
    private const int MostSaid = 20;

    private readonly StreamRig _rig = new(static options => options.GuestBytesPerSecond = 0);

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_guest_that_publishes_on_and_on_is_named_some_times_and_then_summed_up()
    {
        TestKit.FakeGuest liar = _rig.Hypervisor.AddDomain(5);
        List<(LogLevel Level, string Line)> lines = _rig.Log.Lines;
        lines.Clear();
        Publish(liar, 1000);

        Assert.Equal(MostSaid, lines.Count);
        Assert.Contains("opened", lines[0].Line, StringComparison.Ordinal);
        Assert.Equal((LogLevel.Warning, true), (lines[1].Level, lines[1].Line.Contains("put aside", StringComparison.Ordinal)));
        Assert.Contains("closed: the program is gone", lines[2].Line, StringComparison.Ordinal);

        // Nobody else is spoken of less for it.
        _ = _rig.Hypervisor.AddGuest(6);
        Assert.Contains("Channel of guest-6 (domid 6) opened", lines[^1].Line, StringComparison.Ordinal);

        lines.Clear();
        _rig.Advance(TimeSpan.FromMinutes(1));
        (LogLevel level, string sum) = Assert.Single(lines);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains($"guest-5 (domid 5): {3000 - MostSaid} more", sum, StringComparison.Ordinal);
        Assert.EndsWith("the last: channel closed, the program is gone", sum, StringComparison.Ordinal);

        Publish(liar, 10);
        Assert.Single(lines);
        _rig.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, lines.Count);
        Assert.Contains(": 30 more", lines[1].Line, StringComparison.Ordinal);

        // After a minute without any it is named again, and until then nothing wakes the loop.
        _rig.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(_rig.Loop.RunOnce(TimeSpan.Zero));
        Publish(liar, 1);
        Assert.Equal(5, lines.Count);
    }

    [Fact]
    public void A_console_that_comes_and_goes_and_lies_is_summed_up_too()
    {
        var (_, console, _) = _rig.Add(5, number: 1);
        for (int i = 0; i < 1000; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(console.PageBytes[ConsoleRingLayout.OutputProducer..], 99_999);
            console.Kick();
            _rig.Settle();
            console.Withdraw();
            console.Restart();
            _rig.Settle();
        }

        Assert.Equal(1 + MostSaid, _rig.Log.Lines.Count);
        Assert.Equal(1000UL, _rig.Switch.Counters.Quarantines);
        _rig.Advance(TimeSpan.FromMinutes(1));
        Assert.EndsWith("the last: console 1 opened", _rig.Log.Lines[^1].Line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_still_owed_is_said_at_the_end_and_the_end_itself_in_full(bool ofTheDomain)
    {
        var (guest, _, _) = _rig.Add(5);
        Publish(guest, 100);
        guest.Publish();
        List<(LogLevel Level, string Line)> lines = _rig.Log.Lines;
        lines.Clear();
        if (ofTheDomain)
        {
            guest.Destroy();
        }
        else
        {
            _rig.Switch.Dispose();
        }

        string why = ofTheDomain ? "the domain is gone" : "the daemon stops";
        Assert.Contains("guest-5 (domid 5): 282 more", lines[0].Line, StringComparison.Ordinal);
        Assert.Equal(
            [$"Channel of guest-5 (domid 5) closed: {why}", $"Console 0 of guest-5 (domid 5) closed: {why}"],
            lines.Skip(1).Take(2).Select(static line => line.Line));
        Assert.Equal(ofTheDomain ? 4 : 3, lines.Count);
    }

    /// <summary>Three lines each: it comes, lies and goes.</summary>
    private void Publish(TestKit.FakeGuest liar, int times)
    {
        for (int i = 0; i < times; i++)
        {
            liar.Publish();
            BinaryPrimitives.WriteUInt32LittleEndian(liar.PageBytes[ControlPageLayout.Transmit..], 100);
            liar.Kick();
            _rig.Settle();
            liar.EndProgram();
            _rig.Settle();
        }
    }
}
