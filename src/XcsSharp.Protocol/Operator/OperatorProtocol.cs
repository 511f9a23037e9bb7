namespace XcsSharp.Protocol.Operator;

/// <summary>
/// The console socket's handshake: the client sends one line, the daemon answers with one line. After a successful
/// <c>ATTACH</c> the connection carries the console's bytes, raw, both ways; after <c>LIST</c> and <c>STATUS</c> it carries
/// one JSON document and ends.
/// </summary>
/// <remarks>
/// Client: <c>ATTACH console</c>, <c>LIST</c>, <c>STATUS</c>, <c>CONSOLE-ADD domain</c> or <c>CONSOLE-DEL domain#N</c>. Daemon:
/// <c>OK</c>, followed by domid and name where a console is meant; or <c>ERR</c>, a code of <see cref="OperatorError"/> and a sentence that says what to do.
/// Lines are UTF-8 and end in a line feed; a carriage return before it is tolerated, so that socat and a
/// keyboard will do as a client. Bytes that follow an <c>ATTACH</c> line at once are already input for the guest.
/// <para>
/// A console is a domain's name or id alone: its primary console ring if it has one, otherwise the console of its control
/// channel; <c>web#1</c> to <c>web#9</c>: a secondary console ring (the guest's hvc1 and so on); <c>web#control</c>: the control
/// channel's. A domain given in digits is looked for by its id first, then by its name. A viewer first gets the last 2 KiB
/// of the console's output, so that a waiting prompt is seen; <c>ATTACH domain all</c> begins with the oldest
/// byte that is retained, <c>ATTACH domain new</c> with nothing old. (A domain whose name ends in the word <c>all</c> or <c>new</c>
/// is therefore reached by its id.) Output that a slow viewer has missed is marked in its place, on a line of its
/// own: <c>[gap: 18,312 bytes]</c>. When the domain goes, what is left is sent and the connection ends.
/// </para>
/// </remarks>
public static class OperatorProtocol
{
    /// <summary>The longest request line in bytes, without its line feed.</summary>
    public const int MaxLine = 512;

    public const string Attach = "ATTACH";
    public const string List = "LIST";
    public const string Status = "STATUS";

    /// <summary>Adds a secondary console ring to a domain; the answer names it.</summary>
    public const string ConsoleAdd = "CONSOLE-ADD";

    /// <summary>Removes one that was added; without its number the one with the highest. The answer names it.</summary>
    public const string ConsoleDelete = "CONSOLE-DEL";

    public const string Ok = "OK";
    public const string Error = "ERR";

    /// <summary>Between a domain's name and which of its consoles is meant; no name as it is shown has it.</summary>
    public const char ConsoleMark = '#';

    /// <summary>The console of the control channel, after the domain's name.</summary>
    public const string ControlSuffix = "#control";

    /// <summary>Last word of an <c>ATTACH</c> line: begin with the oldest retained byte.</summary>
    public const string ReplayAll = "all";

    /// <summary>Last word of an <c>ATTACH</c> line: begin with nothing old.</summary>
    public const string ReplayNew = "new";

    /// <summary>Bytes of old output that a viewer gets unless it says otherwise.</summary>
    public const int RecentBytes = 2048;
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
    public const string TooManyConnections = "too-many-connections";
    public const string NoNumberLeft = "no-number-left";
    public const string NotSupported = "not-supported";
    public const string Failed = "failed";
}
