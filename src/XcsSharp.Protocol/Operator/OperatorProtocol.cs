namespace XcsSharp.Protocol.Operator;

/// <summary>
/// The console socket's handshake: the client sends one line, the daemon answers with one line. After a successful
/// <c>ATTACH</c> the connection carries the console's bytes, raw, both ways; after <c>LIST</c>, <c>STATUS</c>, <c>TOP</c> and <c>METRICS</c> it carries
/// one JSON document and ends.
/// </summary>
/// <remarks>
/// Client: <c>ATTACH console</c>, <c>LOG console</c>, <c>LIST</c>, <c>STATUS</c>, <c>TOP</c>, <c>METRICS</c>, <c>WHO</c>, <c>TAKE id</c>, <c>RELEASE id</c>, <c>MODE id mode</c>, <c>CONSOLE-ADD domain</c>, <c>CONSOLE-DEL domain#N</c>, or a request of
/// one of the daemon's handlers: <c>SHUTDOWN domain</c>, <c>REBOOT domain</c>, <c>SUSPEND domain</c>, <c>MEM-SET domain size</c>. Daemon:
/// <c>OK</c>, followed by domid and name where a console is meant; or <c>ERR</c>, a code of <see cref="OperatorError"/> and a sentence that says what to do.
/// Lines are UTF-8 and end in a line feed; a carriage return before it is tolerated, so that socat and a
/// keyboard will do as a client. Bytes that follow an <c>ATTACH</c> line at once are already input for the guest.
/// <para>
/// A console is a domain's name or id alone: its primary console ring if it has one, otherwise the console of its control
/// channel; <c>web#1</c> to <c>web#9</c>: a secondary console ring (the guest's hvc1 and so on); <c>web#control</c>: the control
/// channel's. A domain given in digits is looked for by its id first, then by its name. A viewer first gets the last 2 KiB
/// of the console's output, so that a waiting prompt is seen; <c>ATTACH domain all</c> begins with the oldest
/// byte that is retained, <c>ATTACH domain new</c> with nothing old; <c>from=boot</c> with the console's first byte, <c>from=BYTES</c> with
/// what came behind so many (a place as <c>bytesOut</c> of <c>LIST</c> counts them; an older daemon answers <c>ERR bad-argument</c>), <c>tail=BYTES</c>
/// and <c>lines=N</c> with the last so many, <c>since=UNIXMS</c> with what came at that time or later. <c>level=safe</c>,
/// <c>strip</c> or <c>raw</c> says what of the guest's control sequences passes. (A domain whose name ends in such a word
/// is therefore reached by its id.) Output that is not retained, or that a slow viewer has missed, is marked in its place, on a line of its
/// own: <c>[gap: 18,312 bytes]</c>. When the domain goes, what is left is sent and the connection ends;
/// with the word <c>follow</c> it waits for a domain of the same UUID or name, for as long as output is kept, says so on a line of its own,
/// <c>[web rebooted: domain 3 is gone, domain 4 begins]</c>, and goes on with that one's first byte. What is typed in between is lost.
/// </para>
/// <para>
/// <c>LOG console</c> takes the same words, sends from the oldest byte that is retained (unless they say otherwise) to the newest of now, and ends; with the word
/// <c>follow</c> it goes on, also with the domain's next life; with <c>follow=end</c> it goes on until the domain ends. What the client sends is not read. A domain that is gone is still found by its name, or by its id while no other
/// has that, for as long as the daemon keeps its output; a living one of that name comes first.
/// </para>
/// <para>
/// Of all viewers of a console one types, the writer; the first that may. What others type is refused: dropped, and counted. Words at the end of
/// an <c>ATTACH</c> line, behind <c>all</c> and the like: <c>mode=rw</c> (as without), <c>mode=ro</c> (never types), <c>mode=take</c> (types at once, whoever
/// did before), <c>mode=exclusive</c> (the same, and nobody else does, where the daemon allows it); <c>notices</c> or <c>notices=framed</c> (hears of changes of
/// the writer, and that it waits for the domain's next life, in its stream, which has no foreign byte otherwise). With any of them the reply is <c>OK domid name viewer=ID seat=writer</c>, or
/// <c>seat=reader</c>. On another connection: <c>WHO</c>, <c>WHO console</c> (a <see cref="ViewerList"/>), and, for viewers of the same
/// user or by root, <c>TAKE id</c>, <c>RELEASE id</c>, <c>MODE id rw</c>, <c>MODE id ro</c>, answered with <c>OK domid name</c>. The seat goes back when its writer
/// leaves. (A domain whose name ends in one of these words is reached by its id.)
/// </para>
/// <para>
/// Requests of handlers ask the guest itself over its control channel, and are answered when the guest has answered:
/// <c>OK domid name</c>, of <c>MEM-SET</c> <c>OK domid name target status</c>, both numbers the guest's, the status signed. <c>SHUTDOWN domain wait</c> and <c>REBOOT domain wait</c>
/// are answered when the domain has gone. (A domain whose name ends in the word <c>wait</c> is reached by its id.)
/// </para>
/// <para>
/// <c>UPGRADE</c>, for who may do all with every domain, is answered by the program that took the daemon's place: <c>OK version pid</c>.
/// </para>
/// </remarks>
public static class OperatorProtocol
{
    /// <summary>The longest request line in bytes, without its line feed.</summary>
    public const int MaxLine = 512;

    /// <summary>Attaches to a console: its bytes, raw, both ways.</summary>
    public const string Attach = "ATTACH";

    /// <summary>Reads a console's output and types nothing: what is asked for and the end. Also of a domain that is gone.</summary>
    public const string Log = "LOG";

    /// <summary>Every domain that is served: a <see cref="DomainList"/>.</summary>
    public const string List = "LIST";

    /// <summary>The daemon itself: a <see cref="DaemonStatus"/>.</summary>
    public const string Status = "STATUS";

    /// <summary>The figures of all guests, for a live view: a <see cref="FigureList"/>.</summary>
    public const string Top = "TOP";

    /// <summary>All instruments of the daemon's meter, for a monitoring system: an <see cref="InstrumentList"/>.</summary>
    public const string Metrics = "METRICS";

    /// <summary>Adds a secondary console ring to a domain; the answer names it.</summary>
    public const string ConsoleAdd = "CONSOLE-ADD";

    /// <summary>Removes one that was added; without its number the one with the highest. The answer names it.</summary>
    public const string ConsoleDelete = "CONSOLE-DEL";

    /// <summary>Asks a guest to power off; the answer comes when the guest has acknowledged it.</summary>
    public const string Shutdown = "SHUTDOWN";

    /// <summary>Asks a guest to start anew.</summary>
    public const string Reboot = "REBOOT";

    /// <summary>Asks a guest to suspend itself.</summary>
    public const string Suspend = "SUSPEND";

    /// <summary>Last word of a <c>SHUTDOWN</c> or <c>REBOOT</c> line: answer when the domain has gone.</summary>
    public const string Wait = "wait";

    /// <summary>Asks a guest to have so much memory, a <see cref="MemorySize"/>; the answer has the guest's target and status.</summary>
    public const string MemorySet = "MEM-SET";

    /// <summary>
    /// Has the program that is at the daemon's path now take the daemon's place. Answered by the new one, <c>OK version pid</c>, or by the old one,
    /// which then goes on.
    /// </summary>
    public const string Upgrade = "UPGRADE";

    /// <summary>First word of a reply that grants what was asked for.</summary>
    public const string Ok = "OK";

    /// <summary>First word of a reply that refuses it; a code of <see cref="OperatorError"/> and a sentence that says what to do follow.</summary>
    public const string Error = "ERR";

    /// <summary>Who is attached, and who types: to the console behind it, or to all. The answer is a <see cref="ViewerList"/>.</summary>
    public const string Who = "WHO";

    /// <summary>Gives the viewer whose id follows the writer's seat of its console.</summary>
    public const string Take = "TAKE";

    /// <summary>The viewer gives the seat up: whoever waits gets it.</summary>
    public const string Release = "RELEASE";

    /// <summary>The viewer whose id follows may write (<c>rw</c>), or never does (<c>ro</c>).</summary>
    public const string Mode = "MODE";

    /// <summary>Begins the last word but one of an <c>ATTACH</c> line, or the last one: what the viewer may do.</summary>
    public const string ModeWord = "mode=";

    /// <summary>Behind <see cref="ModeWord"/> and <see cref="Mode"/>: types when it is the first that may.</summary>
    public const string ReadWrite = "rw";

    /// <summary>Behind the same: never types.</summary>
    public const string ReadOnly = "ro";

    /// <summary>Behind <see cref="ModeWord"/>: types at once, whoever did before.</summary>
    public const string TakeOver = "take";

    /// <summary>Behind <see cref="ModeWord"/>: the same, and nobody else does, where the daemon allows it.</summary>
    public const string Exclusive = "exclusive";

    /// <summary>Word of an <c>ATTACH</c> line: tell me about the writer's seat, in lines between the console's bytes.</summary>
    public const string Notices = "notices";

    /// <summary>The same in frames, from <see cref="NoticeStart"/> to <see cref="NoticeEnd"/>.</summary>
    public const string FramedNotices = "notices=framed";

    /// <summary>Begins a framed notice: <c>kind;text</c> follows, of <see cref="NoticeKind"/>. It is an APC string, which a guest's output cannot have
    /// unless the daemon passes it raw.</summary>
    public const string NoticeStart = "\u001b_xcs;";

    /// <summary>Ends a framed notice.</summary>
    public const string NoticeEnd = "\u001b\\";

    /// <summary>Of the reply to an <c>ATTACH</c> line with any of these words: the viewer's id.</summary>
    public const string ViewerWord = "viewer=";

    /// <summary>Of the same reply, behind it: <see cref="SeatWriter"/> or <see cref="SeatReader"/>.</summary>
    public const string SeatWord = "seat=";

    /// <summary>Behind <see cref="SeatWord"/>: the viewer types.</summary>
    public const string SeatWriter = "writer";

    /// <summary>Behind <see cref="SeatWord"/>: another does, or nobody.</summary>
    public const string SeatReader = "reader";

    /// <summary>Between a domain's name and which of its consoles is meant; no name as it is shown has it.</summary>
    public const char ConsoleMark = '#';

    /// <summary>The console of the control channel, after the domain's name.</summary>
    public const string ControlSuffix = "#control";

    /// <summary>Last word of an <c>ATTACH</c> line: begin with the oldest retained byte.</summary>
    public const string ReplayAll = "all";

    /// <summary>Last word of an <c>ATTACH</c> line: begin with nothing old.</summary>
    public const string ReplayNew = "new";

    /// <summary>
    /// Before <see cref="Boot"/>: begin with the console's first byte; before a number: with what came behind so many bytes. And a gap mark where output is not
    /// retained.
    /// </summary>
    public const string From = "from=";

    /// <summary>Behind <see cref="From"/>: where the console's output began.</summary>
    public const string Boot = "boot";

    /// <summary>Before a number: begin with so many of the last bytes.</summary>
    public const string Tail = "tail=";

    /// <summary>Before a number: begin with so many of the last lines.</summary>
    public const string Lines = "lines=";

    /// <summary>Before a number of milliseconds since 1970, UTC: begin with what came then or later.</summary>
    public const string Since = "since=";

    /// <summary>Before <c>safe</c>, <c>strip</c> or <c>raw</c>: what of the guest's output passes.</summary>
    public const string Level = "level=";

    /// <summary>Of a <c>LOG</c>: go on with what comes. Of it and of <c>ATTACH</c>: go on when the domain starts anew.</summary>
    public const string Follow = "follow";

    /// <summary>Before <see cref="End"/>, of a <c>LOG</c>: go on with what comes, and end with the domain.</summary>
    public const string FollowWord = "follow=";

    /// <summary>Behind <see cref="FollowWord"/>: until the domain ends.</summary>
    public const string End = "end";

    /// <summary>The largest number that these words take: the last millisecond of the year 9999.</summary>
    public const long MostAmount = 253_402_300_799_999;

    /// <summary>Bytes of old output that a viewer gets unless it says otherwise.</summary>
    public const int RecentBytes = 2048;
}

/// <summary>Why a request on the console socket was refused: the word after <c>ERR</c>.</summary>
public static class OperatorError
{
    /// <summary>There is no such request.</summary>
    public const string UnknownRequest = "unknown-request";

    /// <summary>No domain has that number or name.</summary>
    public const string UnknownDomain = "unknown-domain";

    /// <summary>Several domains have that name: say which by its number.</summary>
    public const string AmbiguousDomain = "ambiguous-domain";

    /// <summary>The domain has no such console.</summary>
    public const string NoConsole = "no-console";

    /// <summary>The request's line is longer than <see cref="OperatorProtocol.MaxLine"/>.</summary>
    public const string LineTooLong = "line-too-long";

    /// <summary>The console has all the viewers that it may have.</summary>
    public const string TooManyViewers = "too-many-viewers";

    /// <summary>The socket, or this user, has all the connections that it may have.</summary>
    public const string TooManyConnections = "too-many-connections";

    /// <summary>The domain has all the consoles that it may have.</summary>
    public const string NoNumberLeft = "no-number-left";

    /// <summary>The daemon cannot do that where it runs, or the guest does not know such requests.</summary>
    public const string NotSupported = "not-supported";

    /// <summary>It was tried, and did not work.</summary>
    public const string Failed = "failed";

    /// <summary>The request is a handler's that is turned off.</summary>
    public const string Disabled = "disabled";

    /// <summary>Somebody has the console for itself; or that is not allowed.</summary>
    public const string Exclusive = "exclusive";

    /// <summary>No such viewer is attached.</summary>
    public const string NoViewer = "no-viewer";

    /// <summary>The viewer is another user's.</summary>
    public const string NotPermitted = "not-permitted";

    /// <summary>The viewer may not write.</summary>
    public const string ReadOnly = "read-only";

    /// <summary>The request's arguments make no sense.</summary>
    public const string BadArgument = "bad-argument";

    /// <summary>The domain has no open control channel.</summary>
    public const string NoChannel = "no-channel";

    /// <summary>The guest was asked and did not answer in time, or with something that answers nothing.</summary>
    public const string NoAnswer = "no-answer";

    /// <summary>The guest, or its control channel, went before it answered.</summary>
    public const string Gone = "gone";

    /// <summary>So many earlier requests are unanswered that no other is sent, or so many answers unread that no other is made.</summary>
    public const string TooManyRequests = "too-many-requests";
}

/// <summary>What a notice in a viewer's stream is about.</summary>
public static class NoticeKind
{
    /// <summary>Who writes.</summary>
    public const string Seat = "seat";

    /// <summary>What the viewer typed was not taken.</summary>
    public const string Refused = "refused";

    /// <summary>The domain has ended, and the viewer waits for its next life.</summary>
    public const string Waiting = "waiting";
}
