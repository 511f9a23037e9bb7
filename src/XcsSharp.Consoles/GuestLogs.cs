using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>The directory of the consoles' logs: who writes which file, and the thread that all are written by.</summary>
/// <remarks>
/// A file belongs to a name, not to a life of a domain: the next domain of that name goes on with it, as soon as the
/// one before has written its last byte. Of two living domains of one name the second has its domid in its files' names.
/// Invariants
/// 1. No two living domains have the same base in their files' names.
/// 2. Of the logs that write to one file all but the newest are finishing, and each waits for the one before it; so no
///    two ever write to it at a time.
/// </remarks>
internal sealed class GuestLogs : IDisposable
{
    private const UnixFileMode DirectoryMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly ConsoleOptions _options;
    private readonly Dictionary<string, ConsoleLogFile> _owners = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (GuestDomain Domain, int Logs)> _bases = new(StringComparer.Ordinal);
    private readonly HashSet<ConsoleLogFile> _logs = [];
    private readonly OldFileCompressor? _compressor;
    private bool _isNotCompressed;
    private long _clockRead;
    private long _wallTimeRead;

    /// <summary>Makes the directory if it is missing, and starts the thread.</summary>
    /// <exception cref="IOException">The directory cannot be made or written; the message has the remedy.</exception>
    internal GuestLogs(EventLoop loop, ConsoleOptions options, ILogger log)
    {
        _options = options;
        Log = log;
        Loop = loop;
        try
        {
            FileAppender.PrepareDirectory(options.LogDirectory!, DirectoryMode);
        }
        catch (IOException failure)
        {
            throw new IOException(
                $"Cannot use '{options.LogDirectory}' for the logs of guests: {failure.Message} Set Consoles:LogDirectory "
                + "to a directory that the daemon may write, or to \"\" to do without logs.",
                failure);
        }

        _compressor = options.LogCompress == LogCompression.Gzip
            ? new OldFileCompressor(loop, "xcsd-gzip", options.LogDirectory!, OnNotCompressed)
            : null;
        Typed = options.InputLog ? new InputRecords(this) : null;
        Appender = new FileAppender(loop, "xcsd-logs", _compressor);
    }

    /// <summary>What is typed; null unless it is asked for.</summary>
    internal InputRecords? Typed { get; }

    internal EventLoop Loop { get; }

    internal ILogger Log { get; }

    internal FileAppender Appender { get; }

    internal OutputLevel Output => _options.LogOutput;

    internal bool HasTimestamps => _options.LogTimestamps == LogTimestamps.Utc;

    /// <summary>The most bytes of one file.</summary>
    internal int FileBytes => _options.LogBytes;

    /// <summary>UTC in ms since 1970 of when this turn's events came.</summary>
    /// <remarks>Counted on from a look at the clock a second ago at most, so that it costs no look in each turn and follows a clock that is set.</remarks>
    internal long WallTime()
    {
        TimeSpan since = Loop.Clock.GetElapsedTime(_clockRead, Loop.Now);
        if (_wallTimeRead == 0 || since >= TimeSpan.FromSeconds(1))
        {
            // The turn may be under way for a while already.
            TimeSpan late = Loop.Clock.GetElapsedTime(Loop.Now);
            _wallTimeRead = (Loop.Clock.GetUtcNow() - late).ToUnixTimeMilliseconds();
            _clockRead = Loop.Now;
            since = TimeSpan.Zero;
        }

        return _wallTimeRead + (long)since.TotalMilliseconds;
    }

    /// <summary>A console's log.</summary>
    internal ConsoleLogFile Open(GuestConsole console)
    {
        var log = new ConsoleLogFile(this, console);
        _ = _logs.Add(log);
        return log;
    }

    internal AppendFile OpenFile(ConsoleLogFile log, string name)
        => Appender.Open(log, PathOf(name), _options.LogBytes, _options.LogFiles);

    internal AppendFile OpenPrivateFile(IAppendSource source, string name)
        => Appender.Open(source, PathOf(name), _options.LogBytes, _options.LogFiles, isPrivate: true);

    internal string PathOf(string name) => Path.Combine(_options.LogDirectory!, name);

    /// <summary>What stands for a domain in the names of its files now: its name, unless another living domain has that.</summary>
    internal string BaseFor(GuestDomain domain)
    {
        string wanted = LogNames.Base(domain);
        return !_bases.TryGetValue(wanted, out (GuestDomain Domain, int Logs) holder) || holder.Domain == domain
            ? wanted
            : LogNames.NamesakesBase(domain);
    }

    /// <summary>A log of a living domain has this base in its name from now on.</summary>
    internal void TakeBase(string name, GuestDomain domain)
        => _bases[name] = (domain, _bases.GetValueOrDefault(name).Logs + 1);

    internal void GiveUpBase(string name)
    {
        (GuestDomain domain, int logs) = _bases[name];
        if (logs > 1)
        {
            _bases[name] = (domain, logs - 1);
        }
        else
        {
            _ = _bases.Remove(name);
        }
    }

    /// <summary>A log writes this file from now on: after the one that wrote it before, if that has still to write.</summary>
    internal void Claim(ConsoleLogFile log, string name)
    {
        if (_owners.TryGetValue(name, out ConsoleLogFile? owner))
        {
            log.WaitFor(owner);
        }

        _owners[name] = log;
    }

    /// <summary>The file is free, or its owner of before, who has still to write, has it again.</summary>
    internal void GiveUp(ConsoleLogFile log, string name, ConsoleLogFile? predecessor)
    {
        if (!ReferenceEquals(_owners.GetValueOrDefault(name), log))
        {
            return;
        }

        if (predecessor is null)
        {
            _ = _owners.Remove(name);
        }
        else
        {
            _owners[name] = predecessor;
        }
    }

    internal void OnClosed(ConsoleLogFile log) => _ = _logs.Remove(log);

    /// <summary>Has all files opened by their names again, and those that failed tried at once.</summary>
    internal void Reopen()
    {
        foreach (ConsoleLogFile log in _logs)
        {
            log.Reopen();
        }

        Typed?.Reopen();
    }

    /// <summary>Writes all that is left, and waits for the disk as long as that.</summary>
    internal void Flush(TimeSpan limit)
    {
        foreach (ConsoleLogFile log in _logs.ToArray())
        {
            log.Finish();
        }

        Typed?.Flush();
        _ = Appender.Drain(limit);
    }

    public void Dispose()
    {
        Appender.Dispose();
        _compressor?.Dispose();
    }

    /// <summary>Said once: a disk that is full is told of by the logs themselves.</summary>
    private void OnNotCompressed(string problem)
    {
        if (!_isNotCompressed)
        {
            _isNotCompressed = true;
            Log.LogNotCompressed(problem);
        }
    }
}
