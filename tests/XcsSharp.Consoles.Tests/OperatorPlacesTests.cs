using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class OperatorPlacesTests
{
    private const uint Root = 0;
    private const uint Alice = 1000;
    private const uint Bob = 1001;

    private readonly OperatorPlaces _places = new(new ConsoleOptions { MaxConnections = 5, MaxConnectionsPerUser = 2 });

    [Fact]
    public void A_user_has_its_share_and_root_what_is_left()
    {
        Assert.All((uint[])[Alice, Alice, Bob], uid => Assert.Null(_places.TryTake(uid)));
        Assert.Contains("uid 1000", _places.TryTake(Alice), StringComparison.Ordinal);
        Assert.Null(_places.TryTake(Root));
        Assert.Null(_places.TryTake(Root));
        Assert.Equal(5, _places.Taken);
        Assert.All((uint[])[Alice, Bob, Root], uid => Assert.Contains("Consoles:MaxConnections", _places.TryTake(uid), StringComparison.Ordinal));
        Assert.Equal(5, _places.Taken);
    }

    [Fact]
    public void What_is_given_back_is_its_users_again()
    {
        Assert.All((uint[])[Alice, Alice, Bob], uid => Assert.Null(_places.TryTake(uid)));
        _places.GiveBack(Bob);
        Assert.Contains("Consoles:MaxConnectionsPerUser", _places.TryTake(Alice), StringComparison.Ordinal);
        _places.GiveBack(Alice);
        Assert.Null(_places.TryTake(Alice));
        Assert.Equal(2, _places.Taken);
    }
}
