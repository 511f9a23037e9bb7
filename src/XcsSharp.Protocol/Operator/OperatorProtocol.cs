namespace XcsSharp.Protocol.Operator;

/// <summary>
/// The console socket's handshake: the client sends one line, the daemon answers with one line. After a successful
/// <c>ATTACH</c> the connection carries the console's bytes, raw, both ways; after <c>LIST</c> and <c>STATUS</c> it carries
/// one JSON document and ends.
/// </summary>
/// <remarks>
/// Client: <c>ATTACH name-or-domid</c>, <c>LIST</c> or <c>STATUS</c>. Daemon: <c>OK</c>, after an attach followed by domid
/// and name; or <c>ERR</c>, a code of <see cref="OperatorError"/> and a sentence that says what to do.
/// Lines are UTF-8 and end in a line feed; a carriage return before it is tolerated, so that socat and a
/// keyboard will do as a client.
/// </remarks>
public static class OperatorProtocol
{
    /// <summary>The longest request line in bytes, without its line feed.</summary>
    public const int MaxLine = 512;

    public const string Attach = "ATTACH";
    public const string List = "LIST";
    public const string Status = "STATUS";
    public const string Ok = "OK";
    public const string Error = "ERR";
}

/// <summary>Why a request on the console socket was refused: the word after <c>ERR</c>.</summary>
public static class OperatorError
{
    public const string UnknownRequest = "unknown-request";
    public const string UnknownDomain = "unknown-domain";
    public const string AmbiguousDomain = "ambiguous-domain";
    public const string NoConsole = "no-console";
    public const string LineTooLong = "line-too-long";
    public const string TooManyViewers = "too-many-viewers";
}
