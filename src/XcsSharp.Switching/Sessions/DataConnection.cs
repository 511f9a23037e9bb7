using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// The connection on which guests' messages go to a client and the client's to guests. No record here is replied to.
/// </summary>
/// <remarks>
/// A request for a guest that has no room stops the reading of this connection until there is some. What was
/// read already is kept: at most one record and one read's bytes.
/// </remarks>
internal sealed class DataConnection : IStreamOwner
{
    private readonly ClientSession _session;
    private readonly UnixStream _stream;
    private RecordAssembler _assembler;
    private XcsRecord _held;
    private byte[] _kept = [];
    private int _keptStart;
    private int _keptEnd;
    private ControlChannel? _waitingFor;
    private bool _isClosed;

    public DataConnection(ClientSession session, UnixStream stream)
    {
        _session = session;
        _stream = stream;
        stream.Owner = this;
    }

    public int Queued => _stream.Queued;

    /// <summary>The client is gone, and what it sent last still waits for a guest.</summary>
    public bool IsAbandoned { get; private set; }

    /// <returns>Requests that still waited for a guest.</returns>
    public int Close()
    {
        int waiting = _waitingFor is null ? 0 : 1 + ((_keptEnd - _keptStart) / ProtocolLimits.RecordSize);
        _isClosed = true;
        _waitingFor = null;
        _stream.Dispose();
        return waiting;
    }

    /// <summary>Queues a record; all of a turn's leave together at its end.</summary>
    /// <returns>False when the client is too far behind.</returns>
    public bool TryPush(in XcsRecord record) => _stream.TryWrite(XcsRecord.Bytes(in record));

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
        if (_waitingFor is null)
        {
            Forward(ref bytes);
        }

        if (!_isClosed && bytes.Length > 0)
        {
            Keep(bytes);
        }
    }

    /// <summary>The guest that this connection waits for has room, or is gone.</summary>
    public void OnMayContinue(ControlChannel channel)
    {
        if (_waitingFor != channel)
        {
            return;
        }

        _waitingFor = null;
        if (!TryForward(_held))
        {
            return;
        }

        ReadOnlySpan<byte> rest = _kept.AsSpan(_keptStart, _keptEnd - _keptStart);
        Forward(ref rest);
        _keptStart = _keptEnd - rest.Length;
        if (_waitingFor is null && !_isClosed)
        {
            _stream.ResumeReading();
        }
    }

    public void OnRoom(UnixStream stream) => _session.OnDataRoom();

    public void OnPeerVanished(UnixStream stream)
    {
        IsAbandoned = true;
        _session.OnDataAbandoned();
    }

    public void OnEnded(UnixStream stream, StreamEnd why)
    {
        Close();
        _session.OnDataEnded(this);
    }

    /// <summary>Forwards whole records until there are no more, or one has to wait. In place, but for one that came in pieces.</summary>
    private void Forward(ref ReadOnlySpan<byte> bytes)
    {
        bool goOn = true;
        while (goOn && !_isClosed)
        {
            if (_assembler.Held == 0 && bytes.Length >= ProtocolLimits.RecordSize)
            {
                ref readonly XcsRecord record = ref XcsRecord.At(bytes);
                bytes = bytes[ProtocolLimits.RecordSize..];
                goOn = TryForward(in record);
            }
            else
            {
                goOn = _assembler.TryTake(ref bytes, out XcsRecord joined) && TryForward(joined);
            }
        }
    }

    /// <returns>False when the record has to wait: it is held and nothing more is read.</returns>
    private bool TryForward(in XcsRecord record)
    {
        if (_session.TryForward(record, out ControlChannel? full))
        {
            _session.RecordsIn++;
            return true;
        }

        _held = record;
        _waitingFor = full;
        _stream.PauseReading();
        return false;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_keptStart == _keptEnd)
        {
            _keptStart = _keptEnd = 0;
        }

        if (_kept.Length < _keptEnd + bytes.Length)
        {
            Array.Resize(ref _kept, _keptEnd + bytes.Length);
        }

        bytes.CopyTo(_kept.AsSpan(_keptEnd));
        _keptEnd += bytes.Length;
    }
}
