using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>
/// Names of files that stand for consoles in one directory. Those of one domain have one base name, which no other domain has at the same
/// time, and the console's suffix.
/// </summary>
/// <remarks>Names of domains come from outside, so they are taken over only when they can do no harm as a file name.</remarks>
/// <param name="isFree">Whether nothing that must stay has that name in the directory.</param>
/// <param name="longest">The most characters of a name, its suffix included; what would be longer gets a name by its domid.</param>
internal sealed class ConsoleFileNames(Predicate<string> isFree, int longest = int.MaxValue)
{
    private const int MaxName = 64;

    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (uint Domid, int Names)> _bases = new(StringComparer.Ordinal);

    /// <summary>The base name of a domain's files, before others of the same name are looked at. Has no mark in it.</summary>
    internal static string BaseFor(string domainName, uint domid)
    {
        bool safe = domainName.Length is > 0 and <= MaxName
            && domainName[0] != '.'
            && domainName.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' or '-');
        return safe ? domainName : $"domain-{domid}";
    }

    /// <summary>The name that a console would have if no other were in the way.</summary>
    internal string Wanted(string domainName, uint domid, string suffix)
    {
        string name = BaseFor(domainName, domid) + suffix;
        return name.Length <= longest ? name : $"domain-{domid}{suffix}";
    }

    /// <summary>Whether a console of ours has it.</summary>
    internal bool IsTaken(string name) => _taken.Contains(name);

    /// <summary>Takes a name that is free.</summary>
    /// <param name="domainName">The domain's.</param>
    /// <param name="domid">Its id.</param>
    /// <param name="suffix">The console's.</param>
    /// <param name="claim">Asked instead whether the name is free, and may take its place in the directory at once.</param>
    internal string Take(string domainName, uint domid, string suffix, Predicate<string>? claim = null)
    {
        string wanted = Wanted(domainName, domid, suffix)[..^suffix.Length];
        string name = wanted;
        for (int attempt = 0; !IsFor(domid, name) || _taken.Contains(name + suffix) || name.Length + suffix.Length > longest || !(claim ?? isFree)(name + suffix); attempt++)
        {
            // A second domain of the same name, or a file that is not ours. Few can be in the way, so this ends soon.
            name = attempt == 0 ? $"{wanted}.{domid}" : $"domain-{domid}.{attempt}";
        }

        _ = _taken.Add(name + suffix);
        _bases[name] = (domid, _bases.GetValueOrDefault(name).Names + 1);
        return name + suffix;
    }

    /// <summary>The name may be another's. Without effect for one that is not taken.</summary>
    internal void GiveBack(string name)
    {
        if (!_taken.Remove(name))
        {
            return;
        }

        string known = name.Split(OperatorProtocol.ConsoleMark)[0];
        (uint domid, int names) = _bases[known];
        if (names == 1)
        {
            _ = _bases.Remove(known);
        }
        else
        {
            _bases[known] = (domid, names - 1);
        }
    }

    private bool IsFor(uint domid, string name)
        => !_bases.TryGetValue(name, out (uint Domid, int Names) owner) || owner.Domid == domid;
}
