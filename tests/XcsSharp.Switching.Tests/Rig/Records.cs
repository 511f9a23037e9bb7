namespace XcsSharp.Switching.Tests.Rig;

/// <summary>Records as clients build them.</summary>
internal static class Records
{
    public static XcsRecord ConnectControl(uint session)
        => new() { Type = RecordType.ConnectControl, SessionId = session };

    public static XcsRecord ConnectData(uint session) => new() { Type = RecordType.ConnectData, SessionId = session };

    public static XcsRecord Bind(int port, ushort type)
        => new() { Type = RecordType.Bind, BindPort = port, BindType = type };

    public static XcsRecord Unbind(int port, ushort type)
        => new() { Type = RecordType.Unbind, BindPort = port, BindType = type };

    public static XcsRecord Lock(int port, ushort type, WriteLockAction action = WriteLockAction.Take)
        => new() { Type = RecordType.WriteLock, BindPort = port, BindType = type, LockAction = action };

    public static XcsRecord BindVirq(ushort virq) => new() { Type = RecordType.VirqBind, Virq = virq };

    public static XcsRecord Open(uint domid, int local = 0, int remote = 1) => new()
    {
        Type = RecordType.OpenInterface,
        InterfaceDomain = domid,
        InterfaceLocalPort = local,
        InterfaceRemotePort = remote,
    };

    public static XcsRecord Close(uint domid, int local = 0, int remote = 1)
        => Open(domid, local, remote) with { Type = RecordType.CloseInterface };

    public static XcsRecord Request(uint domid, MessageType type, byte id, params byte[] data)
        => XcsRecord.ForMessage(RecordType.Request, domid, 0, ControlMessage.Create(type, 0, id, data));

    /// <summary>The answer to a pushed request, with other bytes in it.</summary>
    public static XcsRecord Response(in XcsRecord request, params byte[] data)
        => XcsRecord.ForMessage(
            RecordType.Response,
            request.RemoteDomain,
            request.LocalPort,
            ControlMessage.Create(request.Message.Type, request.Message.Subtype, request.Message.Id, data));
}
