using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

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
/// stream's queue (a list of thousands of domains) and is fed to it in pieces.
/// </remarks>
internal sealed class OperatorConnection : IStreamOwner, IDisposable
{
    private readonly OperatorListener _listener;
    private readonly UnixStream _stream;
    private readonly LoopTimer _deadline;
    private RequestLine _line;
    private ReadOnlyMemory<byte> _reply;
    private bool _isViewer;

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
    internal void TurnAway()
    {
        _stream.Start();
        Refuse(
            OperatorError.TooManyConnections,
            $"the console socket has {_listener.Connections} connections already; close some, or raise Consoles:MaxConnections");
    }

    public void OnReceived(UnixStream stream, ReadOnlySpan<byte> bytes)
    {
        switch (_line.Take(ref bytes))
        {
            case LineState.Complete:
                Answer(OperatorRequest.Parse(_line.Text), bytes);
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
        if (!_isViewer)
        {
            _stream.Dispose();
            _listener.Remove(this);
        }
    }

    private void Answer(OperatorRequest request, ReadOnlySpan<byte> input)
    {
        switch (request.Verb)
        {
            case OperatorVerb.Attach:
                Attach(request, input);
                break;
            case OperatorVerb.List:
                ReplyWith(DomainListing.Build(_listener.Switch, _listener.Consoles), OperatorJson.Default.DomainList);
                break;
            case OperatorVerb.Status:
                ReplyWith(_listener.MakeStatus(), OperatorJson.Default.DaemonStatus);
                break;
            case OperatorVerb.ConsoleAdd:
                AddConsole(request.Target);
                break;
            case OperatorVerb.ConsoleDelete:
                DeleteConsole(request.Target);
                break;
            default:
                Refuse(
                    OperatorError.UnknownRequest,
                    "send one of: ATTACH domid-or-name (or with #1, #control), LIST, STATUS, CONSOLE-ADD domid-or-name, CONSOLE-DEL domid-or-name#N");
                break;
        }
    }

    private void Attach(OperatorRequest request, ReadOnlySpan<byte> input)
    {
        if (!ConsoleId.TryCut(request.Target, out string target, out int? number))
        {
            Refuse(
                OperatorError.NoConsole,
                $"'{Printable(request.Target)}' names no console: after a domain's name give nothing, #1 to #9, or {OperatorProtocol.ControlSuffix}");
            return;
        }

        if (FindDomain(target) is not GuestDomain domain)
        {
            return;
        }

        if (FindConsole(domain, number) is not GuestConsole console)
        {
            return;
        }

        if (console.IsFull)
        {
            Refuse(
                OperatorError.TooManyViewers,
                $"the console {Printable(console.Name)} of domain {domain.Domid} has {console.Viewers} viewers already; close one, or raise Consoles:MaxViewersPerConsole");
            return;
        }

        // The stream's queue is still empty, and larger than any line.
        _ = _stream.TryWrite(Encoding.UTF8.GetBytes($"{OperatorProtocol.Ok} {domain.Domid} {Printable(console.Name)}\n"));
        ConsoleViewer viewer = console.Attach(_stream, request.Replay, () => _listener.Remove(this));
        _listener.Log.ViewerAttached(console.Name, _stream.Peer.Uid, _stream.Peer.Pid);
        _isViewer = true;
        _deadline.Cancel();
        viewer.OnReceived(_stream, input);
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
                Refuse(OperatorError.NoNumberLeft, $"{who} has nine more consoles already; remove one with CONSOLE-DEL");
                break;
            case ConsoleFailure.NotSupported:
                Refuse(OperatorError.NotSupported, "console rings are not served here: Consoles:Rings is off");
                break;
            case ConsoleFailure.NoSuchDomain:
                Refuse(OperatorError.UnknownDomain, $"{who} is no guest, or is gone");
                break;
            default:
                Refuse(OperatorError.Failed, $"xenstore refused it for {who}; the daemon's log says how");
                break;
        }
    }

    /// <summary>Refuses the request when the domain has no such console.</summary>
    /// <param name="number">Null: what the domain's name alone means.</param>
    private GuestConsole? FindConsole(GuestDomain domain, int? number)
    {
        ConsoleHandler consoles = _listener.Consoles;
        GuestConsole? found = number is int given ? consoles.Find(new ConsoleId(domain, given)) : consoles.Find(domain);
        if (found is null)
        {
            string others = string.Join(", ", consoles.FindAll(domain).Select(static console => console.Name));
            string name = number is int missing ? new ConsoleId(domain, missing).Suffix : "";
            Refuse(
                OperatorError.NoConsole,
                $"domain {domain.Domid} ({Printable(domain.Name)}) has no console {(others.Length == 0 ? "" : name + " ")}yet"
                + (others.Length == 0
                    ? "; it comes with the domain's console ring or control channel, see LIST"
                    : $"; it has: {Printable(others)}"));
        }

        return found;
    }

    /// <summary>Digits are an id first, then a name. Refuses the request when there is no such domain, or several.</summary>
    private GuestDomain? FindDomain(string target)
    {
        if (uint.TryParse(target, System.Globalization.NumberStyles.None, null, out uint domid)
            && _listener.Switch.FindByDomid(domid) is GuestDomain found)
        {
            return found;
        }

        IReadOnlyList<GuestDomain> named = target.Length == 0 ? [] : _listener.Switch.FindByName(target);
        if (named.Count == 1)
        {
            return named[0];
        }

        if (named.Count == 0)
        {
            Refuse(OperatorError.UnknownDomain, $"no domain '{Printable(target)}'; LIST (xcsctl list) names those that there are");
        }
        else
        {
            string ids = string.Join(", ", named.Take(16).Select(static d => d.Domid));
            Refuse(OperatorError.AmbiguousDomain, $"{named.Count} domains are called '{Printable(target)}'; give a domid: {ids}");
        }

        return null;
    }

    private void ReplyWith<T>(T document, JsonTypeInfo<T> type)
    {
        using var buffer = new MemoryStream();
        buffer.Write(Encoding.UTF8.GetBytes(OperatorProtocol.Ok + "\n"));
        JsonSerializer.Serialize(buffer, document, type);
        buffer.WriteByte((byte)'\n');
        Reply(buffer.ToArray());
    }

    private void Refuse(string code, string sentence)
    {
        _listener.Log.RequestRefused(code, sentence);
        Reply(Encoding.UTF8.GetBytes($"{OperatorProtocol.Error} {code} {sentence}\n"));
    }

    private void Reply(byte[] reply)
    {
        // What a client sends after its line is of no interest; nor is its end of sending, which echo | socat makes
        // known before it reads.
        _stream.PauseReading();
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
        _stream.CloseAfterFlush();
        _deadline.Cancel();
        _listener.Remove(this);
    }

    /// <summary>Names come from outside: what would break the line, or a terminal, is replaced.</summary>
    private static string Printable(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsControl(source[i]) ? '?' : source[i];
        }
    });
}
