using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>Who may be exclusive, and what others may then do.</summary>
public enum ExclusivePolicy
{
    /// <summary>Nobody may.</summary>
    Deny,

    /// <summary>Whoever may write may; the others look on.</summary>
    Typing,

    /// <summary>Whoever may write may, when nobody else is attached; nobody else attaches meanwhile.</summary>
    Viewing,
}

/// <summary>
/// The one place that says what a client of the console socket may do. Who may connect at all is the socket's mode and group; without a
/// policy whoever may connect may do all.
/// </summary>
internal sealed class OperatorRights(ConsoleOptions options)
{
    /// <summary>For whom <see cref="IsForAll"/> is true, for people.</summary>
    internal const string WhoMayAll =
        "who may do all with every domain: root, or who has the right 'admin' without names of domains in the daemon's access file";

    private const uint Root = 0;

    /// <summary>Null: none.</summary>
    internal AccessPolicy? Policy { get; set; } = options.Access;

    /// <summary>What the client may do with the domain of that name.</summary>
    internal Right For(in Client client, string domain) => Policy?.For(client, domain) ?? Right.Admin;

    /// <summary>False for who may do nothing with any domain.</summary>
    internal bool HasAny(in Client client) => (Policy?.Highest(client) ?? Right.Admin) > Right.None;

    /// <summary>True for who may do all with every domain, whatever its name.</summary>
    internal bool IsForAll(in Client client) => Policy?.IsForAll(client) ?? true;

    /// <summary>A mode, whatever the console is.</summary>
    /// <returns>Null when it may be asked for; otherwise why not, with the remedy.</returns>
    internal string? RefuseMode(ViewerMode mode)
        => mode == ViewerMode.Exclusive && options.Exclusive == ExclusivePolicy.Deny
            ? "mode=exclusive is not allowed here: set Consoles:Exclusive to typing or viewing"
            : null;

    /// <summary>How a viewer goes on in its domain's next life, in which another may have been faster, or have another right.</summary>
    /// <returns>Null: not at all.</returns>
    internal ViewerMode? ModeInNextLife(GuestConsole next, Right right, ViewerMode wished)
    {
        ViewerMode mode = right < Right.Write ? ViewerMode.ReadOnly
            : wished == ViewerMode.Take || (wished == ViewerMode.Exclusive && RefuseAttach(next, wished) is not null) ? ViewerMode.ReadWrite
            : wished;
        return right < Right.View || RefuseAttach(next, mode) is not null ? null : mode;
    }

    /// <summary>Attaching to a console.</summary>
    /// <returns>Null when it may; otherwise why not, with the remedy.</returns>
    internal string? RefuseAttach(GuestConsole console, ViewerMode mode)
    {
        if (RefuseMode(mode) is string refusal)
        {
            return refusal;
        }

        if (console.Seat.Writer is { Mode: ViewerMode.Exclusive } writer
            && (mode == ViewerMode.Exclusive || options.Exclusive == ExclusivePolicy.Viewing))
        {
            return $"{writer.Who} has this console for itself; see WHO (xcsctl who)";
        }

        return mode == ViewerMode.Exclusive && options.Exclusive == ExclusivePolicy.Viewing && console.Viewers > 0
            ? $"{console.Viewers} others are attached, and Consoles:Exclusive is viewing; see WHO (xcsctl who)"
            : null;
    }

    /// <summary>Acting for a viewer: taking the seat for it, changing its mode.</summary>
    internal static bool MayActFor(PeerCredentials viewer, PeerCredentials peer) => peer.Uid == viewer.Uid || peer.Uid == Root;
}
