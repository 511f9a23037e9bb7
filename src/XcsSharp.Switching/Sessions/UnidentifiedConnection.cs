using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// A connection that has not said yet what it is. Its first record decides: a session's control or data
/// connection, or nothing that is served (spec section 3).
/// </summary>
internal sealed class UnidentifiedConnection : IStreamOwner
{
    private readonly ClientListener _listener;
    private readonly UnixStream _stream;
    private readonly LoopTimer _patience;
    private RecordAssembler _assembler;

    public UnidentifiedConnection(ClientListener listener, EventLoop loop, UnixStream stream, TimeSpan patience)
    {
        _listener = listener;
        _stream = stream;
        _patience = loop.CreateTimer(OnSilence);
        _patience.Schedule(patience);
        stream.Owner = this;
    }

    /// <summary>Whose it is.</summary>
    public uint Uid => _stream.Peer.Uid;

    public void Start() => _stream.Start();

    public void Close()
    {
        _patience.Cancel();
        _stream.Dispose();
    }

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
        if (!_assembler.TryTake(ref bytes, out XcsRecord record))
        {
            return;
        }

        _patience.Cancel();
        _listener.OnIdentified(this);
        switch (record.Type)
        {
            case RecordType.ConnectControl:
                ConnectControl(record, bytes);
                break;
            case RecordType.ConnectData:
                ConnectData(record, bytes);
                break;
            case RecordType.ConnectExtended:
                ConnectExtended(record, bytes);
                break;
            case RecordType.Goodbye:
                _stream.Dispose();
                break;
            default:
                // Echoed as it is; the original then forgot the connection and leaked it (bug B4).
                SendAndClose(record);
                break;
        }
    }

    public void OnRoom(UnixStream stream)
    {
    }

    public void OnEnded(UnixStream stream, StreamEnd why)
    {
        _patience.Cancel();
        _listener.OnIdentified(this);
        _stream.Dispose();
    }

    private void ConnectControl(XcsRecord record, ReadOnlySpan<byte> rest)
    {
        if ((record.ShortSessionId == 0 ? Begin() : Rejoin(record, extended: false)) is not { } session)
        {
            return;
        }

        record.SessionId = session.Id;
        record.Result = RecordResult.Ok;
        session.TakeControl(_stream, record, rest);
    }

    /// <returns>Null when there are as many sessions as may be: the connection is closed.</returns>
    private ClientSession? Begin()
    {
        ClientSession? session = _listener.TryBeginSession(_stream);
        if (session is null)
        {
            _stream.Dispose();
        }

        return session;
    }

    /// <summary>A client comes back as what it was: another kind would be sent what it does not know.</summary>
    /// <returns>Null when it is refused.</returns>
    private ClientSession? Rejoin(in XcsRecord record, bool extended)
    {
        ClientSession? session = _listener.FindSession(record.ShortSessionId);
        if (session?.IsExtended != extended)
        {
            Refuse(record, null);
            return null;
        }

        if (session.HasControl)
        {
            Refuse(record, session);
            return null;
        }

        return session;
    }

    private void ConnectExtended(XcsRecord record, ReadOnlySpan<byte> rest)
    {
        if (record.ExtensionVersion == 0)
        {
            record.Result = RecordResult.BadRequest;
            SendAndClose(record);
            return;
        }

        bool isNew = record.ShortSessionId == 0;
        if ((isNew ? Begin() : Rejoin(record, extended: true)) is not { } session)
        {
            return;
        }

        if (isNew)
        {
            session.Extend(record);
        }
        else
        {
            session.Reopen(record);
        }

        session.TakeControl(_stream, session.Agreement(), rest);
    }

    private void ConnectData(XcsRecord record, ReadOnlySpan<byte> rest)
    {
        ClientSession? session = _listener.FindSession(record.ShortSessionId);
        if (session is null or { HasData: true })
        {
            Refuse(record, session);
            return;
        }

        record.SessionId = session.Id;
        record.Result = RecordResult.Ok;
        session.TakeData(_stream, record, rest);
    }

    private void Refuse(XcsRecord record, ClientSession? session)
    {
        record.Result = session is null ? RecordResult.BadSession : RecordResult.ConnectionInUse;
        SendAndClose(record);
    }

    private void SendAndClose(in XcsRecord record)
    {
        _stream.TryWrite(XcsRecord.Bytes(in record));
        _stream.CloseAfterFlush();
    }

    private void OnSilence()
    {
        _listener.OnSilent(this);
        _stream.Dispose();
    }
}
