using System.Globalization;

namespace XcsSharp.Xen;

/// <summary>One life of a domid, and what is known of its control page and consoles.</summary>
internal sealed class XenDomain
{
    public XenDomain(uint domid, Guid uuid, ulong life, string name)
    {
        Domid = domid;
        Uuid = uuid;
        Name = name;
        string path = string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domid}");
        NamePath = path + "/name";
        PagePath = path + "/data/xcs";
        ConsolePath = path + "/console";
        TerminalPath = ConsolePath + "/tty";
        DeviceConsolesPath = path + "/device/console";
        BackEndConsolesPath = string.Create(CultureInfo.InvariantCulture, $"{SecondaryConsoleKeys.BackEnds}/{domid}");
        ClassicPath = string.Create(CultureInfo.InvariantCulture, $"{StorePaths.Classic}/{domid}");
        Token = string.Create(CultureInfo.InvariantCulture, $"{domid}:{life}");
        PrimaryConsole = new XenConsole(this, 0);
    }

    public uint Domid { get; }

    public Guid Uuid { get; }

    public string Name { get; set; }

    public string NamePath { get; }

    /// <summary>Directory in which the guest publishes a granted control page. Guest-owned.</summary>
    public string PagePath { get; }

    /// <summary>Where the toolstack announces a classic channel. Owned by dom0.</summary>
    public string ClassicPath { get; }

    /// <summary>Where the toolstack describes the primary console. Owned by dom0.</summary>
    public string ConsolePath { get; }

    /// <summary>Where its terminal is made known, by us.</summary>
    public string TerminalPath { get; }

    /// <summary>Below it the front ends of consoles that were added. Guest-owned.</summary>
    public string DeviceConsolesPath { get; }

    /// <summary>Below it their back ends.</summary>
    public string BackEndConsolesPath { get; }

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

    public RefusalsSaid RefusalsSaid { get; } = new();

    /// <summary>The text of <see cref="ClassicPath"/> that was acted upon last, or null.</summary>
    public string? SeenClassic { get; set; }

    public XenConsole PrimaryConsole { get; }

    /// <summary>Those that were added by us, at most nine.</summary>
    public List<SecondaryConsole> SecondaryConsoles { get; } = [];

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

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({Domid})");
}
