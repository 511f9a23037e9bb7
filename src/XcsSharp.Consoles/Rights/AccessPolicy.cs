using System.IO.Enumeration;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>Who a client of the console socket is, as the kernel says.</summary>
/// <param name="Uid">Its user when it connected.</param>
/// <param name="Groups">All groups that its process was in then.</param>
public readonly record struct Client(uint Uid, IReadOnlyList<uint> Groups)
{
    /// <summary>The client at the other end.</summary>
    public static Client At(UnixStream stream) => new(stream.Peer.Uid, stream.PeerGroups);
}

/// <summary>
/// Who may do what with whose consoles. The rights that somebody has on a domain are the highest that a rule gives; root and the
/// daemon's own user have all of them, whatever the rules are.
/// </summary>
/// <param name="rules">In no order: there are none that take rights away.</param>
/// <param name="self">The daemon's user.</param>
public sealed class AccessPolicy(IReadOnlyList<AccessRule> rules, uint self)
{
    private const uint Root = 0;

    /// <summary>What the client may do with a domain of that name.</summary>
    public Right For(in Client client, string domain)
    {
        if (client.Uid == Root || client.Uid == self)
        {
            return Right.Admin;
        }

        Right highest = Right.None;
        foreach (AccessRule rule in rules)
        {
            if (rule.Right > highest && rule.IsFor(client) && rule.Covers(domain))
            {
                highest = rule.Right;
            }
        }

        return highest;
    }

    /// <summary>True for who has all rights on every domain, whatever its name.</summary>
    public bool IsForAll(in Client client)
    {
        if (client.Uid == Root || client.Uid == self)
        {
            return true;
        }

        foreach (AccessRule rule in rules)
        {
            if (rule.Right == Right.Admin && rule.IsFor(client) && rule.Domains.Contains("*"))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What the client may do at most, with whatever domain; <see cref="Right.None"/> for who has no business here.</summary>
    public Right Highest(in Client client)
    {
        if (client.Uid == Root || client.Uid == self)
        {
            return Right.Admin;
        }

        Right highest = Right.None;
        foreach (AccessRule rule in rules)
        {
            highest = rule.IsFor(client) && rule.Right > highest ? rule.Right : highest;
        }

        return highest;
    }
}

/// <summary>Gives a user, or the members of a group, a right on some domains.</summary>
/// <param name="User">Null when it is for a group.</param>
/// <param name="Group">Null when it is for a user.</param>
/// <param name="Domains">Names, in which <c>*</c> stands for any characters and <c>?</c> for one.</param>
/// <param name="Right">What may be done.</param>
public sealed record AccessRule(uint? User, uint? Group, IReadOnlyList<string> Domains, Right Right)
{
    internal bool IsFor(in Client client)
        => User is uint user ? user == client.Uid : Group is uint group && client.Groups.Contains(group);

    internal bool Covers(string domain)
    {
        foreach (string pattern in Domains)
        {
            if (FileSystemName.MatchesSimpleExpression(pattern, domain, ignoreCase: false))
            {
                return true;
            }
        }

        return false;
    }
}
