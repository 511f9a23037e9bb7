using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>Messages of all guests, of those that exist and of those to come, that no <see cref="Port"/> of the same
/// <see cref="Notifier"/> takes.</summary>
public sealed class Subscription : MessageSource
{
    internal Subscription(Notifier notifier, IReadOnlyList<MessageType> types, int queueLength)
        : base(notifier, types, queueLength)
    {
    }

    internal override string Name => "the subscription";

    private protected override async Task BindAsync(XcsSession session, bool again, CancellationToken cancel)
    {
        foreach (ushort type in BoundTypes)
        {
            await session.BindAsync(ProtocolLimits.PortWildcard, type, cancel).ConfigureAwait(false);
        }
    }

    private protected override async Task UnbindAsync(XcsSession session)
    {
        foreach (ushort type in BoundTypes)
        {
            await session.UnbindAsync(ProtocolLimits.PortWildcard, type, CancellationToken.None).ConfigureAwait(false);
        }
    }
}
