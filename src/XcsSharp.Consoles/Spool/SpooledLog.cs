using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// Writes to a console's log what the daemon before had still to write, because it was killed or its disk was not done, before anything else is served: so neither
/// the next output nor another domain of that name comes first. It is little: what gathers in a tenth of a second, or the spool, or histories, at most.
/// </summary>
internal static class SpooledLog
{
    /// <summary>Afterwards <paramref name="left"/> says where its log is now.</summary>
    /// <param name="left">The console.</param>
    /// <param name="options">The settings.</param>
    /// <param name="log">Told when it can not be written.</param>
    /// <param name="handed">Has the histories of a daemon that ended in order, which may go back further; null: there are none.</param>
    public static void BringUpToDate(SpooledConsole left, ConsoleOptions options, ILogger log, HandedConsoles? handed = null)
    {
        if (left.LogName.Length == 0 || string.IsNullOrEmpty(options.LogDirectory))
        {
            // Without logs there is none that could be behind.
            left.Record = left.Record with { LogPosition = left.End, Logged = 0 };
            return;
        }

        string path = Path.Combine(options.LogDirectory, left.LogName);
        FileReader reader = Begin(left, options, path, handed);
        if (Write(reader, path, options) is string problem)
        {
            log.LogNotCompleted(left.LogName, reader.Unread, problem);
            left.Log = reader;
        }

        SpoolRecord now = left.Record with { LogPosition = reader.Position, Logged = (long)reader.Settled, LogInode = SpoolRecord.NotLooked };
        now.SetFilter(reader.Filter);
        left.Record = now;
    }

    /// <summary>A reader behind the last byte that is in the file.</summary>
    private static FileReader Begin(SpooledConsole left, ConsoleOptions options, string path, HandedConsoles? handed)
    {
        ArrivalTimes? times = options.LogTimestamps == LogTimestamps.Utc ? new ArrivalTimes() : null;
        Backlog history = (left.Record.LogPosition < left.Start ? handed?.ReadLonger(left, times) : null)
            ?? left.MakeHistory(
                limit: (int)Math.Max(1, left.End - left.Start), boot: 0, budget: null, (position, output, time) => times?.Add(position, output, time));
        FileReader reader = new(history, options.LogOutput, times);
        SpoolRecord record = left.Record;
        (string at, long written) = FindWritten(record, path);
        if (record.MarkBytes > 0)
        {
            // A mark goes alone. Of one that is there in part nothing counts, and it comes again as it is by now.
            bool isThere = written >= record.MarkBytes;
            record.LogPosition = isThere ? record.BehindMark : record.LogPosition;
            record.LogSize += written;
            record.SetFilter(null);
            written = 0;
        }

        reader.Restore(new LogState(record.Logged, record.Filter), record.LogPosition);
        reader.GoOnFrom(RotatingFile.EndsInsideLine(at, out _, written > 0 ? record.LogSize : null) ?? false);
        reader.GoOnBehind(written);
        return reader;
    }

    /// <summary>
    /// How much the file has grown since the record was written. It may have become full and another begun, once at most: that is done by the same write. A file that
    /// is neither says nothing, and then what was under way comes again.
    /// </summary>
    /// <returns>The file that the record speaks of, by its name of now.</returns>
    private static (string Path, long Written) FindWritten(in SpoolRecord record, string path)
    {
        _ = RotatingFile.EndsInsideLine(path, out FileEnd? end);
        if (end is not { } now || record.LogInode == SpoolRecord.NotLooked)
        {
            return (path, 0);
        }

        if (now.Inode == record.LogInode || record.LogInode == 0)
        {
            return (path, Math.Max(0, now.Size - record.LogSize));
        }

        string old = OldFileCompressor.OldName(path, 1);
        _ = RotatingFile.EndsInsideLine(old, out FileEnd? oldEnd);
        return oldEnd is { } full && full.Inode == record.LogInode ? (old, Math.Max(0, full.Size - record.LogSize) + now.Size) : (path, 0);
    }

    /// <returns>Why it is not all.</returns>
    private static string? Write(FileReader reader, string path, ConsoleOptions options)
    {
        byte[] buffer = new byte[64 * 1024];
        using RotatingFile file = new(options.LogBytes, options.LogFiles);
        while (!reader.IsAtEnd)
        {
            int count = reader.Take(buffer);
            AppendResult result = file.Append(path, reopen: false, buffer.AsSpan(0, count));
            reader.Settle(count, result.Written);
            if (result.Problem is string problem)
            {
                return problem;
            }
        }

        return null;
    }
}
