using System.Buffers.Text;
using System.Globalization;

using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>Somebody who keeps copies of descriptors beyond this process's end, by their names.</summary>
public interface IDescriptorKeeper
{
    /// <summary>Descriptors of terminals that it may be given in all.</summary>
    int MostForTerminals { get; }

    void Keep(string name, IReadOnlyList<SafeFileHandle> descriptors);

    /// <summary>Closes its copies.</summary>
    void Forget(string name);
}

/// <summary>
/// Terminals that outlive the daemon: who has one open, <c>xl console</c>, keeps it over a restart, a crash and an upgrade. Their
/// descriptors are kept elsewhere (<see cref="IDescriptorKeeper"/>), under a name that says whose terminal it is: the console of that number of
/// the domain of that id and UUID. So a domid that is used again never gets what another's user looks at.
/// </summary>
/// <remarks>Loop thread only. The slave is kept beside its master: with the last open slave what was not read yet would go.</remarks>
public sealed class KeptTerminals
{
    /// <summary>With it begins the name of each terminal, and no other name.</summary>
    public const string Prefix = "~pty.";

    private const int DescriptorsOfOne = 2;

    private readonly IDescriptorKeeper? _keeper;
    private readonly ILogger _log;
    private readonly Dictionary<string, List<SafeFileHandle>> _found = [];
    private readonly Dictionary<string, PseudoTerminal> _living = [];
    private readonly HashSet<string> _stored = [];
    private readonly IReadOnlySet<string> _foundStored;
    private readonly List<KeyValuePair<string, SafeFileHandle>> _left = [];
    private bool _leavesAll;
    private bool _leavesStored;
    private bool _hasSaidFull;

    /// <param name="keeper">Null: nobody, and what was found is all.</param>
    /// <param name="stored">Of what was found the names of those that the keeper has.</param>
    /// <param name="found">Names and descriptors of what the daemon before has left; those that are terminals are owned from here on.</param>
    /// <param name="log">When there are too many.</param>
    public KeptTerminals(IDescriptorKeeper? keeper, IEnumerable<KeyValuePair<string, SafeFileHandle>> found, IReadOnlySet<string> stored, ILogger log)
    {
        _keeper = keeper;
        _log = log;
        _foundStored = keeper is null ? new HashSet<string>() : stored;
        foreach ((string name, SafeFileHandle descriptor) in found)
        {
            if (!_found.TryGetValue(name, out List<SafeFileHandle>? those))
            {
                _found.Add(name, those = []);
            }

            those.Add(descriptor);
        }
    }

    /// <summary>Terminals that would outlive the daemon if it died now.</summary>
    public int Stored => _stored.Count;

    /// <summary>What was left for another daemon after <see cref="Leave"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, SafeFileHandle>> Left => _left;

    /// <summary>The names of those that the keeper has.</summary>
    public IReadOnlySet<string> StoredNames => _stored;

    /// <summary>The daemon ends and another follows: from here on terminals are left to that, with their links and keys.</summary>
    /// <param name="onlyStored">It gets what the keeper has, and no other.</param>
    public void Leave(bool onlyStored)
    {
        _leavesStored = true;
        _leavesAll = !onlyStored;
    }

    /// <summary>Null for a console whose domain nobody could recognise.</summary>
    internal static string? NameOf(ConsoleId id)
    {
        if (id.Domain.IsGuest && id.Domain.Uuid == Guid.Empty)
        {
            return null;
        }

        string number = id.IsControl ? "c" : id.Number.ToString(CultureInfo.InvariantCulture);
        string life = Base64Url.EncodeToString(id.Domain.Uuid.ToByteArray());
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id.Domain.Domid}.{number}.{life}");
    }

    /// <summary>Whether the daemon before has left one for this console.</summary>
    internal bool Has(ConsoleId id) => NameOf(id) is { } name && _found.ContainsKey(name);

    /// <summary>The devices of terminals that wait for their console.</summary>
    internal IReadOnlySet<string> FoundDevices
        => _found.Values.Select(PseudoTerminal.FindDevice).OfType<string>().ToHashSet(StringComparer.Ordinal);

    /// <summary>The terminal that the console had before; null when there is none, or it was hung up meanwhile.</summary>
    internal PseudoTerminal? TryTake(ConsoleId id, EventLoop loop, IPtyOwner owner)
    {
        if (NameOf(id) is not { } name || !_found.Remove(name, out List<SafeFileHandle>? descriptors))
        {
            return null;
        }

        PseudoTerminal? terminal = PseudoTerminal.Adopt(loop, owner, descriptors);
        if (terminal is null)
        {
            _keeper?.Forget(name);
        }
        else if (_foundStored.Contains(name))
        {
            _ = _stored.Add(name);
        }

        return terminal;
    }

    /// <summary>A console has this terminal from now on.</summary>
    internal void Add(ConsoleId id, PseudoTerminal terminal)
    {
        if (NameOf(id) is not { } name)
        {
            return;
        }

        bool isAnother = _living.TryGetValue(name, out PseudoTerminal? before) && before != terminal;
        _living[name] = terminal;
        if (_keeper is null)
        {
            return;
        }

        if (isAnother && _stored.Remove(name))
        {
            // The one before is the terminal of a console that has ended, and waits for its reader: this console has the name now.
            _keeper.Forget(name);
        }

        if (_stored.Contains(name))
        {
            return;
        }

        if ((_stored.Count + 1) * DescriptorsOfOne > _keeper.MostForTerminals)
        {
            if (!_hasSaidFull)
            {
                _hasSaidFull = true;
                _log.TooManyTerminalsToKeep(_stored.Count);
            }

            return;
        }

        _ = _stored.Add(name);
        _keeper.Keep(name, terminal.Descriptors);
    }

    /// <summary>A console has this terminal no more. Another's of the same name stays: that console is its next life.</summary>
    internal void Remove(ConsoleId id, PseudoTerminal terminal)
    {
        if (NameOf(id) is { } name && _living.GetValueOrDefault(name) == terminal)
        {
            _ = _living.Remove(name);
            if (_stored.Remove(name))
            {
                _keeper?.Forget(name);
            }
        }
    }

    /// <summary>Leaves a console's terminal to the daemon that follows.</summary>
    /// <returns>False: none follows, or it would not find this one.</returns>
    internal bool TryLeave(ConsoleId id, PseudoTerminal terminal)
    {
        if (!_leavesStored || NameOf(id) is not { } name || !(_leavesAll || _stored.Contains(name)))
        {
            return false;
        }

        _left.AddRange(terminal.Detach().Select(descriptor => KeyValuePair.Create(name, descriptor)));
        return true;
    }

    /// <summary>All domains are known: what is left belonged to some that are gone.</summary>
    public void ForgetUnclaimed()
    {
        foreach ((string name, List<SafeFileHandle> descriptors) in _found)
        {
            descriptors.ForEach(static descriptor => descriptor.Dispose());
            _keeper?.Forget(name);
        }

        _found.Clear();
    }
}
