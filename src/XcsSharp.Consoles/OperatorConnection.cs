using System.Text;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// One client of the console socket until it is a viewer or has its answer: waits for the request line, then either hands
/// the stream to a <see cref="GuestConsole"/> or sends a reply and closes.
/// </summary>
/// <remarks>
/// One deadline at a time runs for the client: to send its line, then to take its reply. A reply may be larger than the
/// stream's queue (a list of thousands of domains) and is fed to it in pieces. None runs while its question stands in the
/// <see cref="DocumentLine"/>, nor while a handler has its request: an answer that a guest has to give takes as long as the handler lets it.
/// </remarks>
internal sealed partial class OperatorConnection : IStreamOwner, IDisposable
{
    private static readonly byte[] s_accepted = Encoding.UTF8.GetBytes(OperatorProtocol.Ok + "\n");

    private readonly OperatorListener _listener;
    private readonly UnixStream _stream;
    private readonly LoopTimer _deadline;
    private RequestLine _line;
    private Client? _client;
    private Right _required;
    private ReadOnlyMemory<byte> _reply;
    private bool _isViewer;
    private LogViewer? _logViewer;
    private OperatorExchange? _exchange;

    /// <param name="listener">Is told when this ends.</param>
    /// <param name="stream">Owned from here on, until a console takes it over.</param>
    internal OperatorConnection(OperatorListener listener, UnixStream stream)
    {
        _listener = listener;
        _stream = stream;
        _stream.Owner = this;
        _deadline = listener.Loop.CreateTimer(Dispose);
    }

    internal void Start()
    {
        _deadline.Schedule(_listener.Consoles.Options.RequestTimeout);
        _stream.Start();
    }

    /// <summary>One connection too many: it is told so if its socket takes that at once, and closed.</summary>
    internal void TurnAway(string sentence)
    {
        _stream.Start();
        Refuse(OperatorError.TooManyConnections, sentence);
    }

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
        switch (_line.Take(ref bytes))
        {
            case LineState.Complete:
                Answer(_line.Text, bytes);
                break;
            case LineState.TooLong:
                Refuse(OperatorError.LineTooLong, $"a request line has at most {OperatorProtocol.MaxLine} bytes; end it with a line feed");
                break;
            default:
                break;
        }
    }

    public void OnRoom(UnixStream stream) => SendReply();

    public void OnPeerVanished(UnixStream stream) => Dispose();

    public void OnEnded(UnixStream stream, StreamEnd why) => Dispose();

    public void Dispose()
    {
        _deadline.Cancel();
        _exchange?.Leave();
        LeaveLine();
        LetDocumentGo();
        _logViewer?.Dispose();
        if (!_isViewer)
        {
            _stream.Dispose();
            _listener.Remove(this);
        }
    }

    internal void Accept(GuestDomain domain, string more)
    {
        string words = $"{OperatorProtocol.Ok} {domain.Domid} {Printable(domain.Name)} {more}";
        Reply(Encoding.UTF8.GetBytes(words.TrimEnd(' ') + "\n"));
    }

    private void Answer(ReadOnlySpan<byte> line, ReadOnlySpan<byte> input)
    {
        OperatorRequest request = OperatorRequest.Parse(line);
        if (!_listener.Consoles.Rights.HasAny(Who))
        {
            Deny("nothing here is for you: the daemon's access file has no rule for your user or groups");
            return;
        }

        _required = request.Verb is OperatorVerb.ConsoleAdd or OperatorVerb.ConsoleDelete or OperatorVerb.Unknown ? Right.Admin : Right.View;
        switch (request.Verb)
        {
            case OperatorVerb.Attach:
                Attach(request, input);
                break;
            case OperatorVerb.Log:
                SendLog(request);
                break;
            case OperatorVerb.List or OperatorVerb.Status or OperatorVerb.Top or OperatorVerb.Metrics:
                AskFor(request.Verb);
                break;
            case OperatorVerb.ConsoleAdd:
                AddConsole(request.Target);
                break;
            case OperatorVerb.ConsoleDelete:
                DeleteConsole(request.Target);
                break;
            case OperatorVerb.Who:
                ShowViewers(request.Target);
                break;
            case OperatorVerb.Take or OperatorVerb.Release or OperatorVerb.Mode:
                ChangeViewer(request);
                break;
            default:
                AnswerByHandler(line);
                break;
        }
    }

    private void AnswerByHandler(ReadOnlySpan<byte> line)
    {
        string[] words = Encoding.UTF8.GetString(line).Trim(' ').Split(' ', 2);
        if (_listener.FindWord(words[0]) is not OperatorWord word)
        {
            string others = string.Concat(_listener.Words.Select(static other => $", {other.Word} {other.Arguments}"));
            Refuse(
                OperatorError.UnknownRequest,
                "send one of: ATTACH domid-or-name (or with #1, #control), LOG the same, LIST, STATUS, TOP, METRICS, WHO, CONSOLE-ADD domid-or-name, CONSOLE-DEL domid-or-name#N, "
                + "TAKE viewer, RELEASE viewer, MODE viewer rw|ro"
                + others);
            return;
        }

        // What comes after the line stays in the socket: a hang-up is told all the same, the end of sending is not.
        _deadline.Cancel();
        _stream.PauseReading();
        _exchange = new OperatorExchange(this, words.Length > 1 ? words[1].Trim(' ') : "");
        word.Take(_exchange);
    }

    private void AddConsole(string target)
    {
        if (FindDomain(target) is GuestDomain domain)
        {
            AnswerChange(domain, _listener.Switch.AddConsole(domain, out int number), number);
        }
    }

    private void DeleteConsole(string console)
    {
        if (!ConsoleId.TryCut(console, out string target, out int? number) || number is 0 or ConsoleId.Control)
        {
            Refuse(
                OperatorError.NoConsole,
                $"'{Printable(console)}' names no console that was added: after a domain's name give #1 to #9, or nothing for the highest");
        }
        else if (FindDomain(target) is GuestDomain domain)
        {
            AnswerChange(domain, _listener.Switch.RemoveConsole(domain, number ?? 0, out int removed), removed);
        }
    }

    private void AnswerChange(GuestDomain domain, ConsoleFailure failure, int number)
    {
        string who = $"domain {domain.Domid} ({Printable(domain.Name)})";
        switch (failure)
        {
            case ConsoleFailure.None:
                string name = domain.Name + new ConsoleId(domain, number).Suffix;
                Reply(Encoding.UTF8.GetBytes($"{OperatorProtocol.Ok} {domain.Domid} {Printable(name)}\n"));
                break;
            case ConsoleFailure.NoSuchConsole:
                Refuse(OperatorError.NoConsole, $"{who} has no such console that was added here; see LIST (xcsctl list)");
                break;
            case ConsoleFailure.NoNumberLeft:
                Refuse(OperatorError.NoNumberLeft, $"{who} has nine more consoles already; remove one with CONSOLE-DEL (xcsctl console-del)");
                break;
            case ConsoleFailure.NotSupported:
                Refuse(OperatorError.NotSupported, "console rings are not served here: Consoles:Rings is off; with on, and a restart, they are");
                break;
            case ConsoleFailure.NoSuchDomain:
                Refuse(OperatorError.UnknownDomain, $"{who} is no guest, or is gone; see LIST (xcsctl list)");
                break;
            default:
                Refuse(OperatorError.Failed, $"xenstore refused it for {who}; the daemon's log says how");
                break;
        }
    }

    internal void Refuse(string code, string sentence)
    {
        _listener.Log.RequestRefused(code, sentence);
        Reply(Encoding.UTF8.GetBytes($"{OperatorProtocol.Error} {code} {sentence}\n"));
    }

    private void Reply(byte[] reply)
    {
        // What a client sends after its line is of no interest; nor is its end of sending, which echo | socat makes
        // known before it reads.
        _stream.PauseReading();
        _exchange?.End();
        _reply = reply;
        _deadline.Schedule(_listener.Consoles.Options.LingerTimeout);
        SendReply();
    }

    private void SendReply()
    {
        while (!_reply.IsEmpty)
        {
            ReadOnlySpan<byte> piece = _reply.Span[..Math.Min(_reply.Length, Math.Max(1, _stream.Room))];
            if (!_stream.TryWrite(piece))
            {
                return;
            }

            _reply = _reply[piece.Length..];
        }

        // From here on the stream ends by itself, in 5 s at the latest.
        LetDocumentGo();
        _deadline.Cancel();
        _listener.Consoles.Departures.Add(_stream, limit: null, () => _listener.Remove(this));
    }

    /// <summary>Names come from outside: what would break the line, or a terminal, is replaced.</summary>
    internal static string Printable(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsControl(source[i]) ? '?' : source[i];
        }
    });
}
