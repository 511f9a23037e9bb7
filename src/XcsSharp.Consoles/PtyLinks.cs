using Microsoft.Extensions.Logging;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>
/// The directory of stable links, one a console, each pointing to the terminal that the console has now. Links of one
/// domain have one base name, which no other domain has at the same time, and the console's suffix.
/// </summary>
/// <remarks>
/// Cold path: plain file calls on a tmpfs, made on the loop's thread. Names of domains come from outside, so they are
/// taken over only when they can do no harm as a file name; and nothing but a link to <c>/dev/pts</c> is ever replaced or
/// removed, whatever the directory is set to.
/// </remarks>
internal sealed class PtyLinks
{
    private const int MaxName = 64;
    private const string Devices = "/dev/pts/";

    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _directory;
    private readonly ILogger _log;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (uint Domid, int Links)> _bases = new(StringComparer.Ordinal);

    /// <summary>Makes the directory if it is missing, and removes what an earlier daemon has left there.</summary>
    /// <exception cref="IOException">The directory cannot be made or read; the message has the remedy.</exception>
    internal PtyLinks(string directory, ILogger log)
    {
        _directory = directory;
        _log = log;
        try
        {
            if (!Directory.Exists(directory))
            {
                Directory.CreateDirectory(directory);
                File.SetUnixFileMode(directory, DirectoryMode);
            }

            foreach (string path in Directory.GetFileSystemEntries(directory).Where(IsOurs))
            {
                File.Delete(path);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"Cannot use '{directory}' for the links to guests' terminals: {failure.Message} Set Consoles:PtyDirectory "
                + "to a directory that the daemon may write, or to \"\" to do without terminals.",
                failure);
        }
    }

    /// <summary>The base name of a domain's links, before others of the same name are looked at. Has no mark in it.</summary>
    internal static string NameFor(string domainName, uint domid)
    {
        bool safe = domainName.Length is > 0 and <= MaxName
            && domainName[0] != '.'
            && domainName.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' or '-');
        return safe ? domainName : $"domain-{domid}";
    }

    /// <summary>Links a terminal under a name that is free.</summary>
    /// <returns>The link's path; null when it could not be made, which is logged: the terminal works without.</returns>
    internal string? Add(string domainName, uint domid, string suffix, string device)
    {
        string wanted = NameFor(domainName, domid);
        string name = wanted;
        for (int attempt = 0; !IsFor(domid, name) || !IsFree(name + suffix); attempt++)
        {
            // A second domain of the same name, or a file that is not ours. Few can be in the way, so this ends soon.
            name = attempt == 0 ? $"{wanted}.{domid}" : $"domain-{domid}.{attempt}";
        }

        string path = Path.Combine(_directory, name + suffix);
        if (!Point(path, device))
        {
            return null;
        }

        _ = _taken.Add(name + suffix);
        _bases[name] = (domid, _bases.GetValueOrDefault(name).Links + 1);
        return path;
    }

    /// <summary>Points a link to another terminal; whoever opens it gets the old one or the new one, never an error.</summary>
    internal bool Point(string path, string device)
    {
        // A leading dot: no domain's link can have this name.
        string fresh = Path.Combine(_directory, $".{Path.GetFileName(path)}.new");
        try
        {
            if (!IsReplaceable(path))
            {
                _log.LinkFailed(path, "something that is not a link to a terminal has its place");
                return false;
            }

            File.Delete(fresh);
            File.CreateSymbolicLink(fresh, device);
            File.Move(fresh, path, overwrite: true);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _log.LinkFailed(path, failure.Message);
            return false;
        }
    }

    /// <summary>Removes a link and frees its name.</summary>
    internal void Remove(string path)
    {
        string name = Path.GetFileName(path);
        if (_taken.Remove(name))
        {
            GiveBack(name.Split(OperatorProtocol.ConsoleMark)[0]);
        }

        try
        {
            if (IsOurs(path))
            {
                File.Delete(path);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _log.LinkFailed(path, failure.Message);
        }
    }

    private static bool IsOurs(string path)
        => new FileInfo(path).LinkTarget is string target
            && target.StartsWith(Devices, StringComparison.Ordinal)
            && target[Devices.Length..].All(char.IsAsciiDigit);

    private bool IsFor(uint domid, string name)
        => !_bases.TryGetValue(name, out (uint Domid, int Links) owner) || owner.Domid == domid;

    private bool IsFree(string name) => !_taken.Contains(name) && IsReplaceable(Path.Combine(_directory, name));

    private void GiveBack(string name)
    {
        (uint domid, int links) = _bases[name];
        if (links == 1)
        {
            _bases.Remove(name);
        }
        else
        {
            _bases[name] = (domid, links - 1);
        }
    }

    private static bool IsReplaceable(string path)
    {
        var file = new FileInfo(path);
        return (!file.Exists && !Directory.Exists(path) && file.LinkTarget is null) || IsOurs(path);
    }
}
