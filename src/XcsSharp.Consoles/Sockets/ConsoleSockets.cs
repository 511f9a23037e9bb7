using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// The directory of the consoles' own sockets, <c>web.sock</c> and <c>web#1.sock</c>: whoever connects has the console's bytes and nothing else,
/// without a word to begin with.
/// </summary>
/// <remarks>
/// Names as those of the terminals' links. What a killed daemon has left is known by the lock beside it, which nobody holds; nothing else in the
/// directory is ever removed or replaced, whatever it is set to.
/// </remarks>
internal sealed class ConsoleSockets
{
    private const int LongestPath = 107;
    private const string Ending = ".sock";
    private const string LockEnding = Ending + ".lock";

    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private readonly EventLoop _loop;
    private readonly ConsoleOptions _options;
    private readonly ILogger _log;

    /// <summary>Makes the directory if it is missing, and removes what a killed daemon has left there.</summary>
    /// <exception cref="IOException">The directory cannot be made or read; the message has the remedy.</exception>
    internal ConsoleSockets(EventLoop loop, ConsoleOptions options, ILogger log)
    {
        _loop = loop;
        _options = options;
        _log = log;
        string directory = options.SocketDirectory!;
        Names = new ConsoleFileNames(
            IsFree,
            LongestPath - System.Text.Encoding.UTF8.GetByteCount(PathOf("")));
        try
        {
            if (!Directory.Exists(directory))
            {
                _ = Directory.CreateDirectory(directory);
                File.SetUnixFileMode(directory, DirectoryMode);
            }

            foreach (string path in Directory.GetFileSystemEntries(directory, "*" + LockEnding))
            {
                _ = UnixListener.RemoveLeftover(path[..^(LockEnding.Length - Ending.Length)]);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"Cannot use '{directory}' for the sockets of consoles: {failure.Message} Set Consoles:SocketDirectory "
                + "to a directory that the daemon may write, or to \"\" to do without them.",
                failure);
        }
    }

    internal ConsoleFileNames Names { get; }

    internal string PathOf(string name) => Path.Combine(_options.SocketDirectory!, name + Ending);

    /// <summary>Takes a name; one that something else in the directory has is passed by, which is logged.</summary>
    internal string TakeName(GuestDomain domain, string suffix)
    {
        string name = Names.Take(domain.Name, domain.Domid, suffix);
        string wanted = Names.Wanted(domain.Name, domain.Domid, suffix);
        if (name != wanted && !IsFree(wanted) && !Names.IsTaken(wanted))
        {
            _log.SocketFailed(PathOf(wanted), $"something else has its place; remove it if nobody needs it. Until then it is {PathOf(name)}");
        }

        return name;
    }

    /// <summary>Listens under a name that was taken.</summary>
    /// <returns>Null when that cannot be, which is logged: the console works without.</returns>
    internal UnixListener? Listen(string name, Action<SafeFileHandle> accepted)
    {
        try
        {
            return UnixListener.Bind(_loop, PathOf(name), _options.SocketMode, accepted, _options.SocketGroup);
        }
        catch (IOException failure)
        {
            _log.SocketFailed(PathOf(name), failure.Message);
            return null;
        }
    }

    private bool IsFree(string name) => !Path.Exists(PathOf(name)) && new FileInfo(PathOf(name)).LinkTarget is null;
}
