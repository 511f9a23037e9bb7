using XcsSharp.Protocol;
using XcsSharp.Switching;

namespace XcsSharp.Handlers.Sample;

// A handler to begin from. It takes guests' messages of type 11 (CMSG_DEBUG, the debugger of 2005), logs the first
// of each guest, answers every one with its own payload, and counts them for an operator: DEBUG-COUNT web.

/// <summary>The sample of this folder's README: answers guests' debug messages and counts them.</summary>
public sealed class DebugHandler(HandlerContext context) : GuestHandler(context)
{
    /// <summary>A word on the console socket; <see cref="HandlerTable"/> registers it with this class.</summary>
    public const string CountWord = "DEBUG-COUNT";

    // Keyed by a domain's life, never by the domid: Xen gives ids out again.
    private readonly Dictionary<GuestDomain, ulong> _counts = [];

    public override string Name => "debug handler";

    /// <summary>Living domains that have sent such messages.</summary>
    public int Senders => _counts.Count;

    // Attached first, bound second. Whoever only asks guests something binds nothing at all.
    public override void Start()
    {
        base.Start();
        _ = Context.Switch.Bind(this, ProtocolLimits.PortWildcard, (ushort)MessageType.Debug);
    }

    // One call for each message, on the loop's thread: never wait here. A guest has eight slots, and this message holds one
    // until it is answered; now is best. The answer repeats type, subtype and id, and here the payload too.
    public override void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        ulong before = _counts.GetValueOrDefault(channel.Domain);
        _counts[channel.Domain] = before + 1;
        if (before == 0)
        {
            // One line a guest: what a guest can repeat must not fill a log.
            Context.Log.DebugMessage(channel.Domain, request.Subtype);
        }

        _ = channel.Answer(this, ticket, request);
    }

    // A count that outlived its domain would be memory that guests can make grow.
    public override void OnDomainGone(GuestDomain domain) => _counts.Remove(domain);

    // One line in, one line out: OK domid name count. FindDomain has answered already when it finds none.
    public override void OnOperator(string word, IOperatorExchange exchange)
    {
        if (exchange.FindDomain(exchange.Arguments) is { } domain)
        {
            exchange.Accept(domain, $"{_counts.GetValueOrDefault(domain)}");
        }
    }
}
