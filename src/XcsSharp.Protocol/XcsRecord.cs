using System.Runtime.InteropServices;

namespace XcsSharp.Protocol;

/// <summary>What a record asks or says: its first four bytes (XCS_*; spec section 1).</summary>
public enum RecordType : uint
{
    ConnectControl = 0,         // XCS_CONNECT_CTRL
    ConnectData = 1,            // XCS_CONNECT_DATA
    Goodbye = 2,                // XCS_CONNECT_BYE
    Bind = 3,                   // XCS_MSG_BIND
    Unbind = 4,                 // XCS_MSG_UNBIND
    VirqBind = 5,               // XCS_VIRQ_BIND
    WriteLock = 6,              // XCS_MSG_WRITELOCK: reserved in 2005, given a meaning here
    OpenInterface = 7,          // XCS_CIF_NEW_CC
    CloseInterface = 8,         // XCS_CIF_FREE_CC
    Request = 9,                // XCS_REQUEST
    Response = 10,              // XCS_RESPONSE
    Virq = 11,                  // XCS_VIRQ

    // Ours, for clients that opt in; README.md beside this file has the layouts.
    ConnectExtended = 0x100,
    BindDomain = 0x101,
    UnbindDomain = 0x102,
    Credit = 0x103,
    Undelivered = 0x104,
    DomainNews = 0x105,
    Gap = 0x106,
}

/// <summary>The second four bytes of a reply (XCS_RSLT_*).</summary>
public enum RecordResult : uint
{
    Ok = 0,                     // XCS_RSLT_OK
    Failed = 1,                 // XCS_RSLT_FAILED
    AlreadyConnected = 2,       // XCS_RSLT_ARECONNECTED: never sent
    BadSession = 3,             // XCS_RSLT_BADSESSION
    NoSession = 4,              // XCS_RSLT_NOSESSION: never sent
    ConnectionInUse = 5,        // XCS_RSLT_CONINUSE
    BadRequest = 6,             // XCS_RSLT_BADREQUEST
}

/// <summary>What a <see cref="RecordType.WriteLock"/> asks for.</summary>
public enum WriteLockAction : uint
{
    Take = 0,
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

    [FieldOffset(0)] public RecordType Type;
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
    [FieldOffset(12)] public ushort Virq;

    /// <summary>interface.dom.</summary>
    [FieldOffset(8)] public uint InterfaceDomain;
    [FieldOffset(12)] public int InterfaceLocalPort;
    [FieldOffset(16)] public int InterfaceRemotePort;

    /// <summary>control.remote_dom: the guest a pushed message comes from, or the one a client's is for.</summary>
    [FieldOffset(8)] public uint RemoteDomain;

    /// <summary>control.local_port: our end of the channel; ignored in what clients send.</summary>
    [FieldOffset(12)] public int LocalPort;
    [FieldOffset(16)] public ControlMessage Message;

    /// <summary>Of a <see cref="RecordType.ConnectExtended"/>, behind <see cref="SessionId"/>.</summary>
    [FieldOffset(16)] public uint ExtensionVersion;
    [FieldOffset(20)] public Extensions Extensions;

    /// <summary>Records that the client is ready to take, beyond those that it was ready for before.</summary>
    [FieldOffset(24)] public uint Credit;

    /// <summary>Of a <see cref="RecordType.Undelivered"/>, between <see cref="RemoteDomain"/> and <see cref="Message"/>.</summary>
    [FieldOffset(12)] public UndeliveredReason Reason;

    /// <summary>Of a <see cref="RecordType.DomainNews"/>, behind <see cref="RemoteDomain"/>.</summary>
    [FieldOffset(12)] public DomainNewsKind News;

    /// <summary>Counts the lives of a domid that the daemon has seen.</summary>
    [FieldOffset(16)] public ulong DomainLife;

    /// <summary>Of the domain's open channel, or 0.</summary>
    [FieldOffset(24)] public int DomainLocalPort;
    [FieldOffset(28)] public int DomainRemotePort;
    [FieldOffset(32)] public RecordName DomainName;

    /// <summary>Of a <see cref="RecordType.Gap"/>.</summary>
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
