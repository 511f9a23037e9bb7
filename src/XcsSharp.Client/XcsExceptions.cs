using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>Everything that can go wrong between a client and the daemon. The message says what to do about it.</summary>
public abstract class XcsException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>The daemon cannot be reached: it does not run, the path is wrong, or we may not connect.</summary>
public sealed class XcsUnavailableException(string path, string message, Exception? inner = null)
    : XcsException(message, inner)
{
    /// <summary>The socket that was tried.</summary>
    public string Path { get; } = path;
}

/// <summary>The connection ended while something was expected from it: the daemon has stopped or closed the session.</summary>
public sealed class XcsDisconnectedException(string message, Exception? inner = null) : XcsException(message, inner);

/// <summary>What came from the daemon is not what the protocol allows.</summary>
public sealed class XcsProtocolException(string message, Exception? inner = null) : XcsException(message, inner);

/// <summary>The switch answered a request with something other than <see cref="RecordResult.Ok"/>.</summary>
public sealed class XcsRefusedException(RecordType operation, RecordResult result, string subject)
    : XcsException($"{Name(operation)} {subject} was refused: {Remedy(operation, result)}")
{
    public RecordType Operation { get; } = operation;

    public RecordResult Result { get; } = result;

    private static string Name(RecordType operation) => operation switch
    {
        RecordType.ConnectControl => "attaching the control connection of",
        RecordType.ConnectExtended => "attaching the control connection of",
        RecordType.ConnectData => "attaching the data connection of",
        RecordType.Bind or RecordType.BindDomain => "binding",
        RecordType.Unbind or RecordType.UnbindDomain => "unbinding",
        RecordType.VirqBind => "binding",
        RecordType.OpenInterface => "opening the control interface of",
        RecordType.CloseInterface => "closing the control interface of",
        _ => operation.ToString(),
    };

    private static string Remedy(RecordType operation, RecordResult result) => (operation, result) switch
    {
        (_, RecordResult.BadSession or RecordResult.NoSession) =>
            "the daemon does not know that session (any more); connect without an id",
        (_, RecordResult.ConnectionInUse or RecordResult.AlreadyConnected) =>
            "another connection serves that session; close it first, or connect without an id",
        (RecordType.Bind or RecordType.Unbind, RecordResult.BadRequest) =>
            $"a port is 0..{ProtocolLimits.MaxPorts - 1} or the wildcard, a type is 0..255, the wildcard or VIRQ",
        (RecordType.OpenInterface or RecordType.CloseInterface, RecordResult.BadRequest) =>
            $"ports are 0..{ProtocolLimits.MaxPorts - 1}; 0 lets the switch choose",
        (_, RecordResult.BadRequest) => "the daemon finds the request malformed",
        (RecordType.Bind, RecordResult.Failed) => "the session has as many bindings as the daemon allows; remove some",
        (RecordType.BindDomain, RecordResult.Failed) =>
            "there is no such domain, or the session has as many bindings as the daemon allows",
        (RecordType.VirqBind, RecordResult.Failed) =>
            "there is no such virtual interrupt, or another program of dom0 holds it",
        (RecordType.OpenInterface, RecordResult.Failed) =>
            "there is no such domain, its port is taken, or its transport is not served here; see the daemon's log",
        _ => $"{result}; see the daemon's log",
    };
}

/// <summary>A request for a guest went nowhere, and the daemon says why.</summary>
public sealed class XcsUndeliveredException(uint domid, UndeliveredReason reason)
    : XcsException($"the request to domain {domid} was not answered: {Explain(reason)}")
{
    public uint Domid { get; } = domid;

    public UndeliveredReason Reason { get; } = reason;

    private static string Explain(UndeliveredReason reason) => reason switch
    {
        UndeliveredReason.NoSuchDomain => "there is no such domain (any more)",
        UndeliveredReason.NoChannel => "it has no open control channel; open its interface, or wait until the guest publishes one",
        UndeliveredReason.ChannelOutOfOrder => "its control channel was put aside; see xcsctl list",
        UndeliveredReason.LockedOut => "another client holds the write lock",
        UndeliveredReason.ChannelClosed => "its control channel closed first; the guest may have read it",
        UndeliveredReason.NoAnswer => "the guest answered something else in its place",
        _ => reason.ToString(),
    };
}

/// <summary>The console socket refused a request.</summary>
/// <param name="code">A code of <see cref="Protocol.Operator.OperatorError"/>, for programs.</param>
/// <param name="sentence">The daemon's own words, for people: they say what to do.</param>
public sealed class OperatorRefusedException(string code, string sentence) : XcsException(sentence)
{
    public string Code { get; } = code;
}
