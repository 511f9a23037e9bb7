using System.Globalization;

using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>One life of a domid, and what is known of its control page and consoles.</summary>
/// <remarks>Paths are put together when they are asked for: eight of them, kept for each of a thousand domains, are half a megabyte.</remarks>
internal sealed class XenDomain
{
    private const string NameKey = "/name";
    private const string PageDirectory = "/data/xcs";
    private const string ConsoleDirectory = "/console";
    private const string TerminalKey = ConsoleDirectory + "/tty";
    private const string DeviceConsolesDirectory = "/device/console";

    private readonly string _home;

    public XenDomain(uint domid, Guid uuid, ulong life, string name)
    {
        Domid = domid;
        Uuid = uuid;
        Name = name;
        _home = string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domid}");
        Token = string.Create(CultureInfo.InvariantCulture, $"{domid}:{life}");
        PrimaryConsole = new XenConsole(this, 0);
    }

    public uint Domid { get; }

    public Guid Uuid { get; }

    public string Name { get; set; }

    public string NamePath => _home + NameKey;

    /// <summary>Directory in which the guest publishes a granted control page. Guest-owned.</summary>
    public string PagePath => _home + PageDirectory;

    /// <summary>Where the toolstack announces a classic channel. Owned by dom0.</summary>
    public string ClassicPath => string.Create(CultureInfo.InvariantCulture, $"{StorePaths.Classic}/{Domid}");

    /// <summary>Where the toolstack describes the primary console. Owned by dom0.</summary>
    public string ConsolePath => _home + ConsoleDirectory;

    /// <summary>Below it the front ends of consoles that were added. Guest-owned.</summary>
    public string DeviceConsolesPath => _home + DeviceConsolesDirectory;

    /// <summary>Below it their back ends.</summary>
    public string BackEndConsolesPath => string.Create(CultureInfo.InvariantCulture, $"{SecondaryConsoleKeys.BackEnds}/{Domid}");

    /// <summary>
    /// Watch token. Names the life too: an event that was queued for the predecessor of a reused domid finds nobody.
    /// </summary>
    public string Token { get; }

    /// <summary>
    /// Nonce of the page that was served last, or that was found stale; 0 before. A page with this nonce is
    /// never offered again: a program that ended leaves its keys behind.
    /// </summary>
    public ulong SeenNonce { get; set; }

    /// <summary>The guest has taken back the key that held <see cref="SeenNonce"/>: who publishes that nonce again should not.</summary>
    public bool IsSeenNonceTakenBack { get; set; }

    /// <summary>The transport that was offered for it, until that is disposed.</summary>
    public PortTransport? Offered { get; set; }

    /// <summary>The last thing that was wrong, so that it is logged once and not for every event.</summary>
    public string? Problem { get; set; }

    /// <summary>What the log was told of what is refused; null: nothing yet.</summary>
    public PacedLines? RefusalLines { get; set; }

    /// <summary>The text of <see cref="ClassicPath"/> that was acted upon last, or null.</summary>
    public string? SeenClassic { get; set; }

    public XenConsole PrimaryConsole { get; }

    /// <summary>Those that were added by us, at most nine.</summary>
    public List<SecondaryConsole> SecondaryConsoles { get; } = [];

    /// <summary>The watches whose first event, which comes of the watch itself, is still to come.</summary>
    public DomainNews Echoes { get; set; }

    /// <summary>What has to be looked at again, at <see cref="NextLook"/>.</summary>
    public DomainNews News { get; set; }

    /// <summary>What is to be tried again without news, at <see cref="AgainAt"/>.</summary>
    public DomainNews Again { get; set; }

    /// <summary>Timestamp before which its keys are not looked at again: a guest can write them in a loop.</summary>
    public long NextLook { get; set; }

    /// <summary>Timestamp of the next try.</summary>
    public long AgainAt { get; set; }

    /// <summary>Is in the schedule's list.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>Failures of ours to serve its control page, not lies, that may still be tried again.</summary>
    public int TriesLeft { get; set; }

    public bool IsGone { get; set; }

    /// <summary>What a change of a key is news of.</summary>
    /// <param name="path">Absolute; what is below it may have changed too.</param>
    public DomainNews NewsOf(ReadOnlySpan<char> path)
    {
        if (!path.StartsWith(_home, StringComparison.Ordinal))
        {
            return DomainNews.None;
        }

        // The terminal's key is our own word.
        ReadOnlySpan<char> key = path[_home.Length..];
        return key is NameKey ? DomainNews.Name
            : key.StartsWith(PageDirectory, StringComparison.Ordinal) ? DomainNews.ControlPage
            : key.StartsWith(DeviceConsolesDirectory, StringComparison.Ordinal) ? DomainNews.SecondaryConsoles
            : key.StartsWith(ConsoleDirectory, StringComparison.Ordinal) && key is not TerminalKey ? DomainNews.PrimaryConsole
            : DomainNews.None;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({Domid})");
}
