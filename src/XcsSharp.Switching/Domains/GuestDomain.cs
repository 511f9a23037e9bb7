using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// One life of a domid: Xen gives ids out again, so everything that belongs to a guest hangs on this object and
/// never on the number alone.
/// </summary>
/// <remarks>Loop thread only. Created and ended by <see cref="ControlSwitch"/>.</remarks>
public sealed class GuestDomain
{
    private Dictionary<int, string>? _consoleRefusals;

    internal GuestDomain(uint domid, ulong generation, string name, Guid uuid, FloodBudget budget)
    {
        Domid = domid;
        Generation = generation;
        Name = name;
        Uuid = uuid;
        Budget = budget;
    }

    /// <summary>Xen's id, unique among the living.</summary>
    public uint Domid { get; }

    /// <summary>False for what is only shown as a domain: the hypervisor, whose log is a console.</summary>
    public bool IsGuest => Domid < ProtocolLimits.FirstReservedDomain;

    /// <summary>Counts the lives that this daemon has seen of the domid, from 1.</summary>
    public ulong Generation { get; }

    /// <summary>The toolstack's name for it; <c>Domain-N</c> until that is known.</summary>
    public string Name { get; internal set; }

    /// <summary>All zero until it is known.</summary>
    public Guid Uuid { get; internal set; }

    /// <summary>
    /// The control channel of now, a quarantined one included; null while there is none. Another object after the
    /// guest's program was replaced.
    /// </summary>
    public ControlChannel? Channel { get; internal set; }

    /// <summary>Why the control page that the guest published last can not be served; null while nothing is wrong with it.</summary>
    public string? Refusal { get; internal set; }

    /// <summary>How often something that the guest published could not be served: its control page or a console.</summary>
    public ulong Refusals { get; internal set; }

    /// <summary>Its consoles of now, quarantined ones included, by number. An array that never changes: another takes its place.</summary>
    public IReadOnlyList<ConsoleStream> Consoles { get; private set; } = [];

    /// <summary>How long the guest was made to wait in all, because it cost more than it may.</summary>
    public ulong ThrottledMilliseconds => Budget.WaitedMilliseconds;

    /// <summary>How many times.</summary>
    public ulong ThrottledTimes => Budget.Waits;

    /// <summary>What its channel and its consoles share.</summary>
    internal FloodBudget Budget { get; }

    /// <summary>What the log was told of its channels and consoles; null: nothing yet.</summary>
    internal PacedLines? Lines { get; set; }

    /// <summary>True for ever once Xen no longer knows this life.</summary>
    public bool IsGone { get; internal set; }

    /// <summary>The console of this number, or null.</summary>
    public ConsoleStream? FindConsole(int number)
    {
        foreach (ConsoleStream stream in Consoles)
        {
            if (stream.Number == number)
            {
                return stream;
            }
        }

        return null;
    }

    /// <summary>Why the console of this number can not be served as it is described now; null while nothing is wrong with that.</summary>
    public string? FindConsoleRefusal(int number) => _consoleRefusals?.GetValueOrDefault(number);

    /// <param name="number">Which console.</param>
    /// <param name="problem">Null: nothing is wrong.</param>
    internal void SetConsoleRefusal(int number, string? problem)
    {
        if (problem is not null)
        {
            (_consoleRefusals ??= [])[number] = problem;
        }
        else
        {
            _ = _consoleRefusals?.Remove(number);
        }
    }

    /// <summary>Puts a console in the place of the one of its number; null only takes that out.</summary>
    internal void SetConsole(int number, ConsoleStream? stream)
    {
        IEnumerable<ConsoleStream> others = Consoles.Where(other => other.Number != number);
        Consoles = [.. (stream is null ? others : others.Append(stream)).OrderBy(static console => console.Number)];
    }

    public override string ToString() => $"{Name} (domid {Domid})";
}
