using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// The directory of stable links, one a console, each pointing to the terminal that the console has now.
/// </summary>
/// <remarks>
/// Cold path: plain file calls on a tmpfs, made on the loop's thread. Nothing but a link to <c>/dev/pts</c> is ever replaced or
/// removed, whatever the directory is set to.
/// </remarks>
internal sealed class PtyLinks
{
    private const string Devices = "/dev/pts/";

    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly string _directory;
    private readonly ILogger _log;
    private readonly ConsoleFileNames _names;

    /// <summary>Makes the directory if it is missing, and removes what an earlier daemon has left there.</summary>
    /// <param name="directory">Of the links.</param>
    /// <param name="living">Terminals that wait for their console: links to them stay, so that nobody finds none meanwhile. Null: none.</param>
    /// <param name="log">What is in the way.</param>
    /// <exception cref="IOException">The directory cannot be made or read; the message has the remedy.</exception>
    internal PtyLinks(string directory, ILogger log, IReadOnlySet<string>? living = null)
    {
        _directory = directory;
        _names = new ConsoleFileNames(name => IsReplaceable(Path.Combine(directory, name)));
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
                if (living?.Contains(new FileInfo(path).LinkTarget!) != true)
                {
                    File.Delete(path);
                }
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

    /// <summary>Removes links that no console has taken over.</summary>
    internal void RemoveLeftovers()
    {
        try
        {
            foreach (string path in Directory.GetFileSystemEntries(_directory).Where(path => IsOurs(path) && !_names.IsTaken(Path.GetFileName(path))))
            {
                File.Delete(path);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _log.LinkFailed(_directory, failure.Message);
        }
    }

    /// <summary>Links a terminal under a name that is free.</summary>
    /// <returns>The link's path; null when it could not be made, which is logged: the terminal works without.</returns>
    internal string? Add(string domainName, uint domid, string suffix, string device)
    {
        bool? isMade = null;
        string name = _names.Take(domainName, domid, suffix, name => (isMade = TryMake(name, device)) is not null);
        string wanted = PathOf(_names.Wanted(domainName, domid, suffix));
        if (PathOf(name) != wanted && !IsReplaceable(wanted))
        {
            _log.LinkFailed(wanted, $"something that is not a link to a terminal has its place; remove it if nobody needs it. Until then it is {PathOf(name)}");
        }

        if (isMade == true)
        {
            return PathOf(name);
        }

        _names.GiveBack(name);
        return null;
    }

    /// <summary>A link's path.</summary>
    internal string PathOf(string name) => Path.Combine(_directory, name);

    /// <summary>Points a link to another terminal; whoever opens it gets the old one or the new one, never an error.</summary>
    internal bool Point(string path, string device)
    {
        // A leading dot: no domain's link can have this name.
        string fresh = Path.Combine(_directory, $".{Path.GetFileName(path)}.new");
        try
        {
            foreach (string place in (string[])[path, fresh])
            {
                if (!IsReplaceable(place))
                {
                    _log.LinkFailed(place, "something that is not a link to a terminal has its place");
                    return false;
                }
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
        _names.GiveBack(Path.GetFileName(path));
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

    /// <summary>Makes a link that has not been there: one system call, of which a start makes a thousand.</summary>
    /// <returns>Null when something has its place that must stay; false when it can not be made, which is logged.</returns>
    private bool? TryMake(string name, string device)
    {
        string path = PathOf(name);
        try
        {
            return DeviceLink.TryMake(path, device) ? true
                : IsReplaceable(path) ? Point(path, device)
                : null;
        }
        catch (IOException failure)
        {
            _log.LinkFailed(path, failure.Message);
            return false;
        }
    }

    private static bool IsReplaceable(string path)
    {
        var file = new FileInfo(path);
        return (!file.Exists && !Directory.Exists(path) && file.LinkTarget is null) || IsOurs(path);
    }
}
