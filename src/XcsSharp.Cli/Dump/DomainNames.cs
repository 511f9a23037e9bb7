using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli.Dump;

/// <summary>The names of domains, which messages do not carry: from the daemon's list, asked for when it is needed.</summary>
/// <param name="socket">The daemon's console socket.</param>
/// <param name="warn">Is told once why there are no names.</param>
internal sealed class DomainNames(string socket, Action<string> warn)
{
    /// <summary>So old a list is asked for again before a name is taken from it: a domain may be renamed, or another may have
    /// its domid and port by now.</summary>
    private const long StaleMs = 10_000;

    /// <summary>How often at most a domain that the list does not have is asked for.</summary>
    private const long RetryMs = 1000;

    private const int MaxUnlisted = 4096;

    private readonly Dictionary<uint, (string Name, int? Port)> _domains = [];
    private readonly HashSet<(uint Domid, int Port)> _unlisted = [];
    private long _askedAt;
    private bool _warned;

    /// <summary>Asks for the list now.</summary>
    /// <exception cref="XcsException">There is none.</exception>
    public async Task AskAsync(CancellationToken cancel)
    {
        _askedAt = Environment.TickCount64;
        DomainList list = await ConsoleConnection.ListAsync(socket, cancel);
        foreach (DomainEntry domain in list.Domains)
        {
            // What is not listed any more stays: its last messages may still be on their way.
            _domains[domain.Domid] = (domain.Name, domain.LocalPort);
        }
    }

    /// <summary>Whether some domain of the last list has that name.</summary>
    public bool Has(string name) => _domains.Values.Any(domain => domain.Name == name);

    /// <summary>The name of the domain whose channel has that port; empty if there is none.</summary>
    public async ValueTask<string> FindAsync(uint domid, int port, CancellationToken cancel)
    {
        long age = Environment.TickCount64 - _askedAt;
        if (IsListed(domid, port) ? age >= StaleMs : age >= RetryMs || !_unlisted.Contains((domid, port)))
        {
            await TryAskAsync(cancel);
            if (!IsListed(domid, port))
            {
                _unlisted.Add((domid, port));
            }
        }

        return _domains.TryGetValue(domid, out (string Name, int? Port) domain) ? domain.Name : "";
    }

    private bool IsListed(uint domid, int port)
        => _domains.TryGetValue(domid, out (string Name, int? Port) domain) && domain.Port == port;

    private async Task TryAskAsync(CancellationToken cancel)
    {
        try
        {
            await AskAsync(cancel);
        }
        catch (XcsException failure)
        {
            if (!_warned)
            {
                _warned = true;
                warn($"domains are shown without their names: {failure.Message}");
            }
        }

        if (_unlisted.Count >= MaxUnlisted)
        {
            _unlisted.Clear();
        }
    }
}
