using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>What the daemon says of a domain.</summary>
/// <param name="Kind">It exists, it is gone, or all that exist have been told.</param>
/// <param name="Domid">0 with <see cref="DomainNewsKind.Complete"/>.</param>
/// <param name="Life">Counts the domains that the daemon has seen under this domid, from 1; a new daemon counts anew.</param>
/// <param name="Ports">Of its open control channel; zeros: none is open.</param>
/// <param name="Name">At most 48 bytes of UTF-8, as the toolstack gave it; empty while it has none.</param>
public readonly record struct DomainNews(
    DomainNewsKind Kind, uint Domid, ulong Life, InterfacePorts Ports, string Name)
{
    internal static DomainNews Of(in XcsRecord record) => new(
        record.News,
        record.RemoteDomain,
        record.DomainLife,
        new InterfacePorts(record.DomainLocalPort, record.DomainRemotePort),
        record.DomainName.ToString());
}
