using Microsoft.Extensions.Time.Testing;

using XcsSharp.Reactor;

namespace XcsSharp.Switching.Tests;

public sealed class UserLinePaceTests : IDisposable
{
    private const uint Alice = 1000;
    private const uint Bob = 1001;

    private readonly FakeTimeProvider _clock = new();
    private readonly EventLoop _loop;
    private readonly UserLinePace _pace;
    private readonly List<string> _sums = [];

    public UserLinePaceTests()
    {
        _loop = new EventLoop(_clock);
        _pace = new UserLinePace(_loop, (who, lines) => _sums.Add($"{who}: {lines}"));
    }

    public void Dispose()
    {
        _pace.Dispose();
        _loop.Dispose();
    }

    [Fact]
    public void One_user_has_its_lines_then_one_that_sums_up_and_nobody_elses_are_fewer()
    {
        Assert.Equal(UserLinePace.MostLines, Say(Alice, 1000));
        Assert.Equal(5, Say(Bob, 5));
        Advance(UserLinePace.Window - TimeSpan.FromSeconds(0.1));
        Assert.Equal(0, Say(Alice, 28));
        Assert.Empty(_sums);
        Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal([$"uid 1000: {1028 - UserLinePace.MostLines}"], _sums);
        Assert.Equal(UserLinePace.MostLines, Say(Alice, 129));
    }

    [Fact]
    public void Who_stays_below_the_limit_is_never_summed_up_and_costs_no_timer()
    {
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(100, Say(Alice, 100));
            Assert.False(_loop.RunOnce(TimeSpan.Zero));
            Advance(UserLinePace.Window);
        }

        _pace.Dispose();
        Assert.Empty(_sums);
    }

    [Fact]
    public void Each_user_is_summed_up_at_the_end_of_its_own_time()
    {
        _ = Say(Alice, UserLinePace.MostLines + 1);
        Advance(UserLinePace.Window / 2);
        _ = Say(Bob, UserLinePace.MostLines + 2);
        Advance(UserLinePace.Window / 2);
        Assert.Equal(["uid 1000: 1"], _sums);
        Advance(UserLinePace.Window / 2);
        Assert.Equal(["uid 1000: 1", "uid 1001: 2"], _sums);
    }

    [Fact]
    public void What_is_owed_at_the_end_is_said_then()
    {
        _ = Say(Alice, UserLinePace.MostLines + 3);
        _pace.Dispose();
        Assert.Equal(["uid 1000: 3"], _sums);
    }

    [Fact]
    public void More_users_than_are_counted_share_what_one_has_and_those_who_are_quiet_make_room()
    {
        for (uint uid = 0; uid < UserLinePace.MostUsers; uid++)
        {
            Assert.Equal(1, Say(uid, 1));
        }

        Assert.Equal(UserLinePace.MostLines, Say(70_000, 100) + Say(80_000, 100));
        Advance(UserLinePace.Window);
        Assert.Equal([$"other users: {200 - UserLinePace.MostLines}"], _sums);
        Assert.Equal(200, Say(70_000, 100) + Say(80_000, 100));
    }

    private int Say(uint uid, int lines) => Enumerable.Range(0, lines).Count(_ => _pace.MaySay(uid));

    private void Advance(TimeSpan time)
    {
        _clock.Advance(time);
        _ = _loop.RunOnce(TimeSpan.Zero);
    }
}
