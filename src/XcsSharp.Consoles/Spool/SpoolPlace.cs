using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>One console's place in the spool: what is told here outlives a daemon that is killed.</summary>
internal sealed class SpoolPlace(OutputSpool spool, int slot, uint owner, SpoolRecord record)
{
    private SpoolRecord _record = record;

    /// <inheritdoc cref="OutputSpool.IsLeft"/>
    public bool IsLeft => spool.IsLeft(slot);

    /// <summary>Output, before anybody else has it.</summary>
    /// <param name="position">Of its first byte.</param>
    /// <param name="output">All of it.</param>
    /// <param name="outputIndex">The guest's count behind it.</param>
    /// <param name="time">UTC in ms since 1970.</param>
    public void Append(long position, ReadOnlySpan<byte> output, uint outputIndex, long time)
    {
        spool.Append(owner, position, time, output);
        _record.End = position + output.Length;
        _record.OutputIndex = outputIndex;
        spool.Write(slot, _record);
    }

    /// <summary>How far the log is, and where its file ends with that.</summary>
    public void NoteLog(long position, long logged, FilterState? filter, FileEnd end)
    {
        _record.LogPosition = position;
        _record.Logged = logged;
        _record.LogInode = end.Inode;
        _record.LogSize = end.Size;
        _record.MarkBytes = 0;
        _record.SetFilter(filter);
        spool.Write(slot, _record);
    }

    /// <summary>The next that the log's file gets is a gap mark of so many bytes, and then it is at that position.</summary>
    public void NoteMark(long behind, int bytes)
    {
        _record.BehindMark = behind;
        _record.MarkBytes = bytes;
        spool.Write(slot, _record);
    }

    /// <summary>How far the terminal is, and the journal.</summary>
    public void NoteReaders(long terminal, long journal)
    {
        if (_record.Terminal != terminal || _record.Journal != journal)
        {
            _record.Terminal = terminal;
            _record.Journal = journal;
            spool.Write(slot, _record);
        }
    }

    /// <summary>The log's file has another name.</summary>
    public void NoteLogName(string name) => spool.WriteName(slot, name);

    /// <summary>All that is to come of it has come to its readers, or another daemon has been told.</summary>
    public void Release() => spool.Release(slot);
}
