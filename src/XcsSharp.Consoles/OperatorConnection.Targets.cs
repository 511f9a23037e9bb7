using Microsoft.Win32.SafeHandles;

using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <content>Which domain and console a request means; who names none is refused.</content>
internal sealed partial class OperatorConnection
{
    /// <summary>Refuses the request when it names no console, or none that there is.</summary>
    private GuestConsole? FindConsole(string name)
        => TryCut(name, out string target, out int? number) && FindDomain(target) is GuestDomain domain
            ? FindConsole(domain, number)
            : null;

    /// <summary>Refuses the request when it names no console.</summary>
    private bool TryCut(string name, out string target, out int? number)
    {
        bool isName = ConsoleId.TryCut(name, out target, out number);
        if (!isName)
        {
            Refuse(
                OperatorError.NoConsole,
                $"'{Printable(name)}' names no console: after a domain's name give nothing, #1 to #9, or {OperatorProtocol.ControlSuffix}");
        }

        return isName;
    }

    /// <summary>Refuses the request when the domain has no such console.</summary>
    /// <param name="number">Null: what the domain's name alone means.</param>
    private GuestConsole? FindConsole(GuestDomain domain, int? number)
    {
        ConsoleHandler consoles = _listener.Consoles;
        GuestConsole? found = consoles.Find(domain, number);
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
    internal GuestDomain? FindDomain(string target)
    {
        IReadOnlyList<GuestDomain> named = FindLiving(target);
        if (named.Count == 1)
        {
            if (_listener.Consoles.Rights.For(Who, named[0].Name) >= _required)
            {
                return named[0];
            }

            Deny($"you may not do this with domain {named[0].Domid} ({Printable(named[0].Name)}): the right '{_required.ToString().ToLowerInvariant()}' is missing in the daemon's access file");
            return null;
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

    /// <summary>Digits are an id first, then a name. What the client may not even view does not exist for it.</summary>
    private IReadOnlyList<GuestDomain> FindLiving(string target)
        => uint.TryParse(target, System.Globalization.NumberStyles.None, null, out uint domid)
            && _listener.Switch.FindByDomid(domid) is GuestDomain found && MayView(found)
                ? [found]
                : target.Length == 0 ? [] : [.. _listener.Switch.FindByName(target).Where(MayView)];

    /// <summary>A console whose output is kept after its end; null when there is none that the client may view.</summary>
    private GuestConsole? FindEnded(string target, int? number)
        => _listener.Consoles.FindEnded(target, number) is GuestConsole ended && MayView(ended.Domain) ? ended : null;

    internal Client Who => _client ??= Client.At(_stream);

    private bool MayView(GuestDomain domain) => _listener.Consoles.Rights.For(Who, domain.Name) >= Right.View;

    /// <summary>Refuses the request to who may not do all with every domain.</summary>
    internal bool RequireAll()
    {
        bool may = _listener.Consoles.Rights.IsForAll(Who);
        if (!may)
        {
            Deny($"this is for {OperatorRights.WhoMayAll}");
        }

        return may;
    }

    /// <summary>Leaves the connection to somebody else.</summary>
    internal SafeFileHandle Detach()
    {
        _deadline.Cancel();
        _listener.Remove(this);
        return _stream.Detach();
    }

    private void Deny(string sentence)
    {
        _listener.Denials.Note(Who.Uid, _stream.Peer.Pid, sentence);
        Refuse(OperatorError.NotPermitted, sentence);
    }
}
