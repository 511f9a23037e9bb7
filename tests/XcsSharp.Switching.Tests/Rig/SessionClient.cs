namespace XcsSharp.Switching.Tests.Rig;

/// <summary>A client with both of its connections, as the programs of 2005 open them.</summary>
internal sealed class SessionClient : IDisposable
{
    private readonly SwitchRig _rig;

    public SessionClient(SwitchRig rig)
    {
        _rig = rig;
        Control = rig.Connect();
        XcsRecord reply = Control.Ask(Records.ConnectControl(0));
        Assert.Equal(RecordResult.Ok, reply.Result);
        Id = reply.ShortSessionId;
        Data = rig.Connect();
        Assert.Equal(RecordResult.Ok, Data.Ask(Records.ConnectData(Id)).Result);
    }

    public uint Id { get; }

    public RecordClient Control { get; set; }

    public RecordClient Data { get; set; }

    public RecordResult Bind(int port, ushort type) => Control.Ask(Records.Bind(port, type)).Result;

    public RecordResult BindAll() => Bind(ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard);

    public RecordResult Lock(int port, MessageType type) => Control.Ask(Records.Lock(port, (ushort)type)).Result;

    public RecordResult Unlock(int port, MessageType type)
        => Control.Ask(Records.Lock(port, (ushort)type, WriteLockAction.Release)).Result;

    public RecordResult ReconnectControl()
    {
        Control = _rig.Connect();
        return Control.Ask(Records.ConnectControl(Id)).Result;
    }

    public RecordResult ReconnectData()
    {
        Data = _rig.Connect();
        return Data.Ask(Records.ConnectData(Id)).Result;
    }

    public void Dispose()
    {
        Control.Dispose();
        Data.Dispose();
    }
}
