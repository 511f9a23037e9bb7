namespace XcsSharp.Consoles;

/// <content>What of a console outlives a daemon that is killed.</content>
public sealed partial class GuestConsole
{
    private uint? _takenBefore;
    private bool _isNotSpooled;

    /// <summary>Its place in the spool; null before its first output, and where it has none.</summary>
    internal SpoolPlace? Spooled { get; private set; }

    private long TerminalPosition => _pty?.Position ?? Backlog.End;

    private long JournalPosition => _journal?.Position ?? Backlog.End;

    /// <summary>First of all that is done with output: when its last part is done, the guest gets its room back.</summary>
    private void Spool(ReadOnlySpan<byte> data, uint outputIndex)
    {
        if (Spooled is null && !_isNotSpooled)
        {
            // The hypervisor's own log is read anew by the next daemon, unless this one ends in order.
            Spooled = Domain.IsGuest ? Claim() : null;
            _isNotSpooled = Spooled is null;
        }

        Spooled?.Append(Backlog.End, data, outputIndex, _handler.Logs?.WallTime() ?? 0);
    }

    /// <summary>
    /// Output by a request. The daemon before may have been killed between the spool and its answer: then the guest's ring has that request still, with
    /// the same number and the same bytes. It can be one at most, since console data is answered as it is taken.
    /// </summary>
    internal void AppendRequest(ReadOnlySpan<byte> data, uint requestIndex)
    {
        bool isKnown = _takenBefore == requestIndex && Backlog.EndsWith(data);
        _takenBefore = null;
        if (!isKnown)
        {
            Append(data, requestIndex);
        }
    }

    /// <summary>After a daemon that ended in order the log has all, unless the spool says otherwise.</summary>
    private void RestoreLog(LogState? state, SpooledConsole? left)
    {
        bool isThis = left?.End == Backlog.End;
        if (isThis)
        {
            Spooled = _handler.Spool!.GoOnWith(left!);
        }
        else if (left is not null)
        {
            // Of a console that was taken out of its domain: this is the one that was added since.
            _handler.Spool!.Release(left.Slot);
        }

        if (isThis && left!.LogName.Length > 0)
        {
            _log?.GoOnWith(left);
        }
        else
        {
            _log?.GoOnFrom(state, Backlog.End);
        }
    }

    private SpoolPlace? Claim()
    {
        SpoolRecord record = new()
        {
            End = Backlog.End,
            LogPosition = _log?.Position ?? Backlog.End,
            Logged = (long)BytesLogged,
            LogInode = SpoolRecord.NotLooked,
            Terminal = TerminalPosition,
            Journal = JournalPosition,
        };
        SpoolOwner who = new() { Domid = Domain.Domid, Uuid = Domain.Uuid, Console = Id.Number };
        return _handler.Spool?.Claim(who, _log?.Name ?? "", record);
    }

    private void NoteReaders() => Spooled?.NoteReaders(TerminalPosition, JournalPosition);

    /// <summary>Output that the log was to get and has not, though its daemon is at its end, and that the next one finds in the spool.</summary>
    internal bool IsLogBehind => Spooled is not null && _log is { IsClosed: false };

    /// <summary>The log was brought up to date before this daemon began.</summary>
    private void GoOnWith(SpooledConsole left)
    {
        SpoolRecord record = left.Record;
        Spooled = _handler.Spool!.GoOnWith(left);
        _takenBefore = record.OutputIndex;
        _log?.GoOnWith(left);
        _pty?.Restore(new ReaderState(record.Terminal, record.Terminal, 0, 0, 0, null, null), []);
        _journal?.Restore(new JournalState(new ReaderState(record.Journal, record.Journal, 0, 0, 0, null, null), [], IsWhole: false));
        _handler.Log.GoesOnAfterKill(Name, left.End - left.Start, left.End);
        PumpSoon();
    }
}
