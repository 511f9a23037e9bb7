namespace XcsSharp.Consoles;

/// <summary>
/// The connections that there may be on the console socket and the consoles' own together, and how many of them each user has, so that none can
/// use up the others'. Root has no share: whoever mends things must get in, and may change the limit anyway.
/// </summary>
internal sealed class OperatorPlaces(ConsoleOptions options)
{
    private const uint Root = 0;

    private readonly Dictionary<uint, int> _byUser = [];

    /// <summary>Connections of now.</summary>
    internal int Taken { get; private set; }

    /// <summary>One more connection of a user.</summary>
    /// <returns>Null when there is a place for it; otherwise why not, with the remedy, and nothing is counted.</returns>
    internal string? TryTake(uint uid)
    {
        if (Taken >= options.MaxConnections)
        {
            return $"there are {Taken} connections to consoles already; close some, or raise Consoles:MaxConnections";
        }

        int taken = _byUser.GetValueOrDefault(uid);
        if (uid != Root && taken >= options.MaxConnectionsPerUser)
        {
            return $"your user (uid {uid}) has {taken} connections already; close some, or raise Consoles:MaxConnectionsPerUser";
        }

        _byUser[uid] = taken + 1;
        Taken++;
        return null;
    }

    /// <summary>One of its connections has ended.</summary>
    internal void GiveBack(uint uid)
    {
        Taken--;
        if (--_byUser[uid] == 0)
        {
            // Users come and go; nothing is kept of who has none.
            _ = _byUser.Remove(uid);
        }
    }
}
