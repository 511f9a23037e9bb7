using System.Runtime.InteropServices;

namespace XcsSharp.Protocol;

/// <summary>What a record asks or says: its first four bytes (XCS_*; spec section 1).</summary>
public enum RecordType : uint
{
    /// <summary>XCS_CONNECT_CTRL: the first record of a control connection; a new session, or one to come back to.</summary>
    ConnectControl = 0,

    /// <summary>XCS_CONNECT_DATA: the first record of a data connection, with the session's id.</summary>
    ConnectData = 1,

    /// <summary>XCS_CONNECT_BYE: the session ends.</summary>
    Goodbye = 2,

    /// <summary>XCS_MSG_BIND: messages of a port and a type are wanted.</summary>
    Bind = 3,

    /// <summary>XCS_MSG_UNBIND.</summary>
    Unbind = 4,

    /// <summary>XCS_VIRQ_BIND: a virtual interrupt of dom0 is wanted.</summary>
    VirqBind = 5,

    /// <summary>XCS_MSG_WRITELOCK: reserved in 2005, given a meaning here.</summary>
    WriteLock = 6,

    /// <summary>XCS_CIF_NEW_CC: a domain's control channel is to be open.</summary>
    OpenInterface = 7,

    /// <summary>XCS_CIF_FREE_CC.</summary>
    CloseInterface = 8,

    /// <summary>XCS_REQUEST: a control message that wants an answer, both ways.</summary>
    Request = 9,

    /// <summary>XCS_RESPONSE: an answer, both ways.</summary>
    Response = 10,

    /// <summary>XCS_VIRQ: a virtual interrupt has come; from a client: signal its port.</summary>
    Virq = 11,

    // Ours, for clients that opt in; README.md beside this file has the layouts.

    /// <summary>In the place of <see cref="ConnectControl"/>: asks for <see cref="Protocol.Extensions"/>.</summary>
    ConnectExtended = 0x100,

    /// <summary>Messages of a domain's channel are wanted, whichever port that has.</summary>
    BindDomain = 0x101,

    /// <summary>No more of these.</summary>
    UnbindDomain = 0x102,

    /// <summary>The client is ready for so many records more.</summary>
    Credit = 0x103,

    /// <summary>A message of the client's went nowhere, and why.</summary>
    Undelivered = 0x104,

    /// <summary>A domain comes, changes or goes.</summary>
    DomainNews = 0x105,

    /// <summary>Records were lost here, because the client was slow.</summary>
    Gap = 0x106,
}

/// <summary>The second four bytes of a reply (XCS_RSLT_*).</summary>
public enum RecordResult : uint
{
    /// <summary>XCS_RSLT_OK.</summary>
    Ok = 0,

    /// <summary>XCS_RSLT_FAILED.</summary>
    Failed = 1,

    /// <summary>XCS_RSLT_ARECONNECTED: never sent.</summary>
    AlreadyConnected = 2,

    /// <summary>XCS_RSLT_BADSESSION: there is no such session.</summary>
    BadSession = 3,

    /// <summary>XCS_RSLT_NOSESSION: never sent.</summary>
    NoSession = 4,

    /// <summary>XCS_RSLT_CONINUSE: the session has such a connection already.</summary>
    ConnectionInUse = 5,

    /// <summary>XCS_RSLT_BADREQUEST.</summary>
    BadRequest = 6,
}

/// <summary>What a <see cref="RecordType.WriteLock"/> asks for.</summary>
public enum WriteLockAction : uint
{
    /// <summary>Nobody else's answers and requests on this channel and type are taken from now on.</summary>
    Take = 0,

    /// <summary>Everybody's are again.</summary>
    Release = 1,
}

/// <summary>
/// One record between a client and the switch: 80 bytes, host byte order, no other framing (xcs_msg_t;
/// spec section 1). The fields from offset 8 on overlay each other: <see cref="Type"/> says which are meant.
/// </summary>
/// <remarks>
/// Clients fill only what they need, so padding, <see cref="Result"/> and bytes after a message's length hold
/// whatever was in their memory: never validate them. What we send is always built from <c>default</c>.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = ProtocolLimits.RecordSize)]
public struct XcsRecord
{
    /// <summary>In a request's <see cref="Correlation"/> with <see cref="Extensions.Repeats"/>: somebody may have had it before. No part of the number.</summary>
    public const uint RepeatMark = 0x8000_0000;

    /// <summary>What the record asks or says.</summary>
    [FieldOffset(0)] public RecordType Type;

    /// <summary>Of a reply; whatever the client had there of what it sends.</summary>
    [FieldOffset(4)] public RecordResult Result;

    /// <summary>In an extended session's messages, in the place of a result: names a request to the side that asked or
    /// answers; 0 names none.</summary>
    [FieldOffset(4)] public uint Correlation;

    /// <summary>connect.session_id: u32 until June 2005 and on i386, u64 elsewhere. Our ids fit in 31 bits.</summary>
    [FieldOffset(8)] public ulong SessionId;

    /// <summary>bind.port: an event-channel port of dom0, or <see cref="ProtocolLimits.PortWildcard"/>.</summary>
    [FieldOffset(8)] public int BindPort;

    /// <summary>bind.type: a <see cref="MessageType"/>, <see cref="ProtocolLimits.TypeWildcard"/> or
    /// <see cref="ProtocolLimits.TypeVirq"/>.</summary>
    [FieldOffset(12)] public ushort BindType;

    /// <summary>Of a <see cref="RecordType.WriteLock"/>, behind <see cref="BindPort"/> and <see cref="BindType"/>.</summary>
    [FieldOffset(16)] public WriteLockAction LockAction;

    /// <summary>virq.port: filled in by the reply to <see cref="RecordType.VirqBind"/>. A pushed <see cref="RecordType.Virq"/>
    /// has its port in <see cref="LocalPort"/>.</summary>
    [FieldOffset(8)] public int VirqPort;

    /// <summary>virq.virq: which virtual interrupt of dom0's.</summary>
    [FieldOffset(12)] public ushort Virq;

    /// <summary>interface.dom.</summary>
    [FieldOffset(8)] public uint InterfaceDomain;

    /// <summary>interface.local_port: wished for on dom0's side, 0 for any; the reply has the one that it is.</summary>
    [FieldOffset(12)] public int InterfaceLocalPort;

    /// <summary>interface.remote_port: the guest's end.</summary>
    [FieldOffset(16)] public int InterfaceRemotePort;

    /// <summary>control.remote_dom: the guest a pushed message comes from, or the one a client's is for.</summary>
    [FieldOffset(8)] public uint RemoteDomain;

    /// <summary>control.local_port: our end of the channel; ignored in what clients send.</summary>
    [FieldOffset(12)] public int LocalPort;

    /// <summary>control.msg: the guest's message, as it is on the ring.</summary>
    [FieldOffset(16)] public ControlMessage Message;

    /// <summary>Of a <see cref="RecordType.ConnectExtended"/>, behind <see cref="SessionId"/>.</summary>
    [FieldOffset(16)] public uint ExtensionVersion;

    /// <summary>Those that are wanted; in the reply, those that are granted.</summary>
    [FieldOffset(20)] public Extensions Extensions;

    /// <summary>Records that the client is ready to take, beyond those that it was ready for before.</summary>
    [FieldOffset(24)] public uint Credit;

    /// <summary>Of a <see cref="RecordType.Undelivered"/>, between <see cref="RemoteDomain"/> and <see cref="Message"/>.</summary>
    [FieldOffset(12)] public UndeliveredReason Reason;

    /// <summary>Of a <see cref="RecordType.DomainNews"/>, behind <see cref="RemoteDomain"/>.</summary>
    [FieldOffset(12)] public DomainNewsKind News;

    /// <summary>Counts the lives of a domid that the daemon has seen.</summary>
    [FieldOffset(16)] public ulong DomainLife;

    /// <summary>dom0's end of the domain's open channel, or 0.</summary>
    [FieldOffset(24)] public int DomainLocalPort;

    /// <summary>The guest's end of it, or 0.</summary>
    [FieldOffset(28)] public int DomainRemotePort;

    /// <summary>The domain's name.</summary>
    [FieldOffset(32)] public RecordName DomainName;

    /// <summary>Of a <see cref="RecordType.Gap"/>: records.</summary>
    [FieldOffset(8)] public ulong Lost;

    /// <summary>It carries a control message: <see cref="RemoteDomain"/> and <see cref="Message"/> are meant.</summary>
    public readonly bool HasMessage => Type is RecordType.Request or RecordType.Response;

    /// <summary>The low half of <see cref="SessionId"/>: all that old and 32-bit clients really fill.</summary>
    public readonly uint ShortSessionId => (uint)SessionId;

    /// <summary>A guest's message, as pushed on a data connection.</summary>
    public static XcsRecord ForMessage(RecordType type, uint domain, int localPort, in ControlMessage message)
    {
        XcsRecord record = default;
        record.Type = type;
        record.RemoteDomain = domain;
        record.LocalPort = localPort;
        record.Message = message;
        return record;
    }

    /// <summary>The record's 80 bytes, in place.</summary>
    public static ReadOnlySpan<byte> Bytes(ref readonly XcsRecord record)
        => MemoryMarshal.AsBytes(new ReadOnlySpan<XcsRecord>(in record));

    /// <summary>The record at the front of at least 80 bytes, in place.</summary>
    public static ref readonly XcsRecord At(ReadOnlySpan<byte> bytes)
        => ref MemoryMarshal.AsRef<XcsRecord>(bytes);

    /// <summary>Reads a record from exactly 80 bytes.</summary>
    public static XcsRecord Read(ReadOnlySpan<byte> bytes)
        => MemoryMarshal.Read<XcsRecord>(bytes);
}
