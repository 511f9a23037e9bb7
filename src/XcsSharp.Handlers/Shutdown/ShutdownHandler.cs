using XcsSharp.Handlers.Asking;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.Protocol.Payloads;
using XcsSharp.Switching;

namespace XcsSharp.Handlers.Shutdown;

/// <summary>
/// Asks guests to power off, to start anew or to suspend themselves (CMSG_SHUTDOWN), and tells the operator when the guest has
/// acknowledged it, or when it has gone.
/// </summary>
/// <remarks>
/// The answer only says that the message was taken: it has length 0, and so has that of a guest which knows no such message
/// (spec section 7). Whether it acts is seen by its going.
/// </remarks>
public sealed class ShutdownHandler(HandlerContext context) : AskingHandler(context)
{
    private readonly Dictionary<GuestDomain, List<IOperatorExchange>> _awaited = [];

    public override string Name => "shutdown handler";

    /// <summary>Operators who wait for a domain to go; each is a connection on the console socket, which are bounded.</summary>
    public int Awaiting => _awaited.Values.Sum(static exchanges => exchanges.Count);

    public override void OnOperator(string word, IOperatorExchange exchange)
    {
        (PayloadDefinition message, string command) = word switch
        {
            OperatorProtocol.Shutdown => (DomainPayloads.PowerOff, "shutdown"),
            OperatorProtocol.Reboot => (DomainPayloads.Reboot, "reboot"),
            _ => (DomainPayloads.Suspend, "save"),
        };
        string target = exchange.Arguments;
        bool waits = word != OperatorProtocol.Suspend && TryCutWait(ref target);
        if (target.Length == 0)
        {
            exchange.Refuse(OperatorError.BadArgument, $"{word} whom? Give a domid or a name behind it");
        }
        else if (exchange.FindDomain(target) is { } domain)
        {
            ControlMessage request = ControlMessage.Create(message.Type, message.Subtype, 0, []);
            Ask(exchange, domain, request, $"xl {command} {domain.Domid}", _ => OnAnswered(exchange, domain, waits));
        }
    }

    public override void OnDomainGone(GuestDomain domain)
    {
        if (_awaited.Remove(domain, out List<IOperatorExchange>? exchanges))
        {
            exchanges.ForEach(exchange => exchange.Accept(domain));
        }
    }

    protected override void OnEnding()
    {
        foreach (IOperatorExchange exchange in _awaited.Values.SelectMany(static exchanges => exchanges).ToArray())
        {
            exchange.Refuse(OperatorError.Gone, "the daemon stops");
        }

        _awaited.Clear();
        base.OnEnding();
    }

    private static bool TryCutWait(ref string target)
    {
        // Names of domains may have spaces in them, so only a last word that is ours is not part of the name.
        bool waits = target.EndsWith(" " + OperatorProtocol.Wait, StringComparison.Ordinal);
        target = waits ? target[..^(OperatorProtocol.Wait.Length + 1)].TrimEnd(' ') : target;
        return waits;
    }

    private void OnAnswered(IOperatorExchange exchange, GuestDomain domain, bool waits)
    {
        if (!waits)
        {
            exchange.Accept(domain);
            return;
        }

        if (!_awaited.TryGetValue(domain, out List<IOperatorExchange>? exchanges))
        {
            exchanges = [];
            _awaited.Add(domain, exchanges);
        }

        exchanges.Add(exchange);
        exchange.Left = () => Forget(domain, exchange);
    }

    private void Forget(GuestDomain domain, IOperatorExchange exchange)
    {
        List<IOperatorExchange> exchanges = _awaited[domain];
        _ = exchanges.Remove(exchange);
        if (exchanges.Count == 0)
        {
            _ = _awaited.Remove(domain);
        }
    }
}
