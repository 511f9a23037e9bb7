using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// The connection on which a client asks for things: every record gets one in return, in order (spec section 3).
/// </summary>
internal sealed class ControlConnection : IStreamOwner
{
    private readonly ClientSession _session;
    private readonly ControlSwitch _switch;
    private readonly UnixStream _stream;
    private RecordAssembler _assembler;
    private bool _isClosed;

    public ControlConnection(ClientSession session, ControlSwitch controlSwitch, UnixStream stream)
    {
        _session = session;
        _switch = controlSwitch;
        _stream = stream;
        stream.Owner = this;
    }

    public void Close()
    {
        _isClosed = true;
        _stream.Dispose();
    }

    public void Reply(in XcsRecord record)
    {
        if (!_stream.TryWrite(XcsRecord.Bytes(in record)))
        {
            _session.CloseAsSlow(_stream.Queued);
        }
    }

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
        while (!_isClosed && _assembler.TryTake(ref bytes, out XcsRecord record))
        {
            Execute(ref record);
            if (!_isClosed)
            {
                Reply(record);
            }
        }
    }

    public void OnRoom(UnixStream stream)
    {
    }

    public void OnEnded(UnixStream stream, StreamEnd why)
    {
        Close();
        _session.OnControlEnded();
    }

    /// <summary>Does what the record asks and makes it its own reply. Types that ask for nothing here are echoed.</summary>
    private void Execute(ref XcsRecord record)
    {
        switch (record.Type)
        {
            case RecordType.Bind:
                record.Result = Bind(record);
                break;
            case RecordType.Unbind:
                record.Result = Unbind(record);
                break;
            case RecordType.WriteLock:
                record.Result = LockWrites(record);
                break;
            case RecordType.VirqBind:
                record.Result = BindVirq(ref record);
                break;
            case RecordType.OpenInterface:
                record.Result = OpenInterface(ref record);
                break;
            case RecordType.CloseInterface:
                record.Result = CloseInterface(record);
                break;
            default:
                _session.TryExecute(ref record);
                break;
        }
    }

    private RecordResult Bind(in XcsRecord record)
    {
        if (!IsBindable(record.BindPort, record.BindType))
        {
            return RecordResult.BadRequest;
        }

        if (!_switch.Bind(_session, record.BindPort, record.BindType))
        {
            return RecordResult.Failed;
        }

        _session.OnBoundByPort(record.BindPort, record.BindType);
        return RecordResult.Ok;
    }

    private RecordResult Unbind(in XcsRecord record)
    {
        if (!IsBindable(record.BindPort, record.BindType))
        {
            return RecordResult.BadRequest;
        }

        _switch.Unbind(_session, record.BindPort, record.BindType);
        return RecordResult.Ok;
    }

    /// <summary>One channel and one type: a wildcard would take in channels that are yet to come.</summary>
    private RecordResult LockWrites(in XcsRecord record)
    {
        if (!IsPort(record.BindPort)
            || record.BindType > byte.MaxValue
            || record.LockAction is not (WriteLockAction.Take or WriteLockAction.Release))
        {
            return RecordResult.BadRequest;
        }

        MessageType type = (MessageType)record.BindType;
        if (record.LockAction == WriteLockAction.Release)
        {
            _switch.Unlock(_session, record.BindPort, type);
            return RecordResult.Ok;
        }

        return _switch.TryLock(_session, record.BindPort, type) ? RecordResult.Ok : RecordResult.Failed;
    }

    private RecordResult BindVirq(ref XcsRecord record)
    {
        if (!_switch.TryBindVirq(_session, record.Virq, out int port))
        {
            return RecordResult.Failed;
        }

        record.VirqPort = port;
        return RecordResult.Ok;
    }

    private RecordResult OpenInterface(ref XcsRecord record)
    {
        if (!IsPort(record.InterfaceLocalPort) || !IsPort(record.InterfaceRemotePort))
        {
            return RecordResult.BadRequest;
        }

        OpenFailure failure = _switch.OpenInterface(
            _session,
            record.InterfaceDomain,
            record.InterfaceLocalPort,
            record.InterfaceRemotePort,
            out ControlChannel? channel);
        if (failure != OpenFailure.None || channel is null)
        {
            return RecordResult.Failed;
        }

        record.InterfaceLocalPort = channel.LocalPort;
        record.InterfaceRemotePort = channel.RemotePort;
        return RecordResult.Ok;
    }

    private RecordResult CloseInterface(in XcsRecord record)
    {
        if (!IsPort(record.InterfaceLocalPort) || !IsPort(record.InterfaceRemotePort))
        {
            return RecordResult.BadRequest;
        }

        _switch.CloseInterface(_session, record.InterfaceDomain);
        return RecordResult.Ok;
    }

    // The wildcard is no port here: the original took it for an index (bug B2).
    private static bool IsPort(int port) => port is >= 0 and < ProtocolLimits.MaxPorts;

    private static bool IsBindable(int port, ushort type)
        => (IsPort(port) || port == ProtocolLimits.PortWildcard)
            && type is <= byte.MaxValue or ProtocolLimits.TypeVirq or ProtocolLimits.TypeWildcard;
}
