using System.Globalization;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// The requests about viewers, <c>TAKE</c>, <c>RELEASE</c> and <c>MODE</c>; they come on a connection of their own, because a viewer's carries
/// bytes of the console alone.
/// </summary>
internal static class ViewerRequests
{
    /// <summary>Does what is asked of a viewer.</summary>
    /// <param name="consoles">Know the viewers.</param>
    /// <param name="peer">Who asks.</param>
    /// <param name="verb">Which of the three.</param>
    /// <param name="arguments">The viewer's id; of <c>MODE</c>, the mode behind it.</param>
    /// <returns>The viewer; or null, with the code and the sentence of the refusal.</returns>
    internal static ConsoleViewer? Do(
        ConsoleHandler consoles, PeerCredentials peer, OperatorVerb verb, string arguments, out (string Code, string Sentence) refusal)
    {
        string[] words = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int wanted = verb == OperatorVerb.Mode ? 2 : 1;
        if (words.Length != wanted || !ulong.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong id))
        {
            refusal = (OperatorError.BadArgument, "give the id of a viewer, as WHO (xcsctl who) shows it; of MODE, rw or ro behind it");
            return null;
        }

        if (consoles.FindViewer(id) is not ConsoleViewer viewer)
        {
            refusal = (OperatorError.NoViewer, $"there is no viewer {id} (any more); see WHO (xcsctl who)");
            return null;
        }

        if (!OperatorRights.MayActFor(viewer.Peer, peer))
        {
            refusal = (OperatorError.NotPermitted, $"viewer {id} is {viewer.Who}: act for viewers of your own, or be root");
            return null;
        }

        if (!viewer.MayWrite && (verb == OperatorVerb.Take || words[^1] == OperatorProtocol.ReadWrite))
        {
            refusal = (OperatorError.NotPermitted, $"viewer {id} may look at this console and not type: the right 'write' is missing in the daemon's access file");
            return null;
        }

        refusal = verb switch
        {
            OperatorVerb.Take => Take(viewer),
            OperatorVerb.Release => Release(viewer),
            _ => SetMode(viewer, words[1]),
        };
        return refusal == default ? viewer : null;
    }

    /// <summary>All that is attached to a console.</summary>
    internal static ConsoleViewers Describe(GuestConsole console) => new(
        console.Domain.Domid,
        console.Name,
        console.Seat.Writer?.Id,
        console.Seat.IsExclusive,
        console.PtyDevice,
        console.TerminalTypedAgo?.TotalSeconds,
        [.. console.AllViewers.Select(static viewer => viewer.Describe())]);

    private static (string Code, string Sentence) Take(ConsoleViewer viewer)
    {
        if (viewer.Mode == ViewerMode.ReadOnly)
        {
            return (OperatorError.ReadOnly, $"viewer {viewer.Id} is read-only: MODE {viewer.Id} rw first");
        }

        if (viewer.Console.Seat.TryTake(viewer))
        {
            if (viewer.Console.Handler.ViewerLines.MaySay(viewer.Peer.Uid))
            {
                viewer.Console.Handler.Log.WriterChanged(viewer.Console.Name, viewer.Who);
            }

            return default;
        }

        return (OperatorError.Exclusive, $"{viewer.Console.Seat.Writer!.Who} has this console for itself; you are in line for when it leaves");
    }

    private static (string Code, string Sentence) Release(ConsoleViewer viewer)
    {
        viewer.Console.Seat.Release(viewer);
        return default;
    }

    private static (string Code, string Sentence) SetMode(ConsoleViewer viewer, string mode)
    {
        switch (mode)
        {
            case OperatorProtocol.ReadOnly:
                viewer.Mode = ViewerMode.ReadOnly;
                viewer.Console.Seat.Remove(viewer);
                return default;
            case OperatorProtocol.ReadWrite:
                viewer.Mode = ViewerMode.ReadWrite;
                viewer.Console.Seat.Enter(viewer);
                return default;
            default:
                return (OperatorError.BadArgument, $"'{mode}' is no mode of an attached viewer: give rw or ro");
        }
    }
}
