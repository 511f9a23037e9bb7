using System.Text;

using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <content>Who wants to see a console's output, and what viewers want of each other.</content>
internal sealed partial class OperatorConnection
{
    private void Attach(OperatorRequest request, ReadOnlySpan<byte> input)
    {
        if (!TryCut(request, out string target, out int? number))
        {
            return;
        }

        if (FindLiving(target).Count == 0 && FindEnded(target, number) is GuestConsole ended)
        {
            if (_listener.Consoles.Rights.RefuseMode(request.Wish.Viewer.Mode) is string never)
            {
                Refuse(OperatorError.Exclusive, never);
                return;
            }

            AttachAfterEnd(ended, request.Wish);
            return;
        }

        if (FindDomain(target) is not GuestDomain domain || FindConsole(domain, number) is not GuestConsole console)
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

        ViewerWish wish = request.Wish.Viewer;
        bool mayWrite = _listener.Consoles.Rights.For(Who, domain.Name) >= Right.Write;
        if (!mayWrite && wish.Mode is ViewerMode.Take or ViewerMode.Exclusive)
        {
            Deny($"you may look at domain {domain.Domid} ({Printable(domain.Name)}) and not type: the right 'write' is missing in the daemon's access file");
            return;
        }

        if (_listener.Consoles.Rights.RefuseAttach(console, wish.Mode) is string refusal)
        {
            Refuse(OperatorError.Exclusive, refusal);
            return;
        }

        AttachWish granted = mayWrite ? request.Wish : request.Wish with { Viewer = wish with { Mode = ViewerMode.ReadOnly } };
        ConsoleViewer viewer = console.Attach(_stream, granted, () => _listener.Remove(this), mayWrite: mayWrite);

        // The console's output comes at the end of the turn, after this.
        GreetViewer(console, wish.IsAsked ? viewer.Id : null, isWriter: console.Seat.Writer == viewer);
        if (_listener.Consoles.ViewerLines.MaySay(viewer.Peer.Uid))
        {
            _listener.Log.ViewerAttached(console.Name, viewer.Id, viewer.Who, viewer.Mode);
        }

        viewer.OnReceived(_stream, input);
    }

    /// <summary>Whoever comes after the last words of a domain still gets them, and waits with the others for its next life.</summary>
    private void AttachAfterEnd(GuestConsole console, AttachWish wish)
    {
        ulong id = _listener.Consoles.NextViewerId();
        GreetViewer(console, wish.Viewer.IsAsked ? id : null, isWriter: false);
        _logViewer = console.AttachAfterEnd(_stream, wish, id, () => _listener.Remove(this));
    }

    /// <summary>The line before the console's bytes. From here on the stream is a viewer's.</summary>
    private void GreetViewer(GuestConsole console, ulong? id, bool isWriter)
    {
        string more = id is null ? ""
            : $" {OperatorProtocol.ViewerWord}{id} {OperatorProtocol.SeatWord}" + (isWriter ? OperatorProtocol.SeatWriter : OperatorProtocol.SeatReader);

        // The stream's queue is still empty, and larger than any line.
        _ = _stream.TryWrite(Encoding.UTF8.GetBytes($"{OperatorProtocol.Ok} {console.Domain.Domid} {Printable(console.Name)}{more}\n"));
        _isViewer = true;
        _deadline.Cancel();
    }

    private void SendLog(OperatorRequest request)
    {
        if (!TryCut(request, out string target, out int? number))
        {
            return;
        }

        IReadOnlyList<GuestDomain> living = FindLiving(target);
        GuestConsole? console = living is [GuestDomain one] ? _listener.Consoles.Find(one, number) : null;
        if (living.Count < 2)
        {
            console ??= FindEnded(target, number);
        }

        if (console is null)
        {
            // Refused with the words that an ATTACH is refused with.
            _ = FindDomain(target) is GuestDomain domain && FindConsole(domain, number) is null;
            return;
        }

        GreetViewer(console, null, isWriter: false);
        _logViewer = console.AttachLog(_stream, request.Wish.Output, () => _listener.Remove(this));
    }

    /// <summary>Refuses the request when it names no console or its words ask for nothing.</summary>
    private bool TryCut(OperatorRequest request, out string target, out int? number)
    {
        if (!TryCut(request.Target, out target, out number))
        {
            return false;
        }

        if (request.Wish.Problem is { } problem)
        {
            Refuse(OperatorError.BadArgument, Printable(problem));
            return false;
        }

        return true;
    }

    private void ShowViewers(string target)
    {
        if (target.Length == 0)
        {
            AskFor(OperatorVerb.Who);
        }
        else if (FindConsole(target) is GuestConsole console)
        {
            Reply(DescribeViewers([console]));
        }
    }

    private void ChangeViewer(OperatorRequest request)
    {
        ConsoleViewer? viewer = ViewerRequests.Do(
            _listener.Consoles, _stream.Peer, request.Verb, request.Target, out (string Code, string Sentence) refusal);
        if (viewer is null)
        {
            Refuse(refusal.Code, Printable(refusal.Sentence));
        }
        else
        {
            Accept(viewer.Console.Domain, "");
        }
    }
}
