using System.Globalization;

namespace XcsSharp.Xen;

/// <summary>A console that was added to a domain: a paravirtual device of which this daemon is the back end.</summary>
internal sealed class SecondaryConsole : XenConsole
{
    /// <summary>Numbers are one digit in Linux' front end, and 0 is the primary console.</summary>
    public const int MaxNumber = 9;

    public SecondaryConsole(XenDomain domain, int number)
        : base(domain, number)
    {
        string device = string.Create(CultureInfo.InvariantCulture, $"{number}");
        FrontEndPath = $"{domain.DeviceConsolesPath}/{device}";
        BackEndPath = $"{domain.BackEndConsolesPath}/{device}";
    }

    /// <summary>The guest's directory. Guest-owned.</summary>
    public string FrontEndPath { get; }

    /// <summary>Ours.</summary>
    public string BackEndPath { get; }

    /// <summary>Our end's state, as it was written last.</summary>
    public XenbusState State { get; set; }

    /// <summary>An earlier life of the daemon may have left its terminal's name there.</summary>
    public bool MayNameOldTerminal { get; set; }

    /// <summary>Timestamp up to which the lives that have begun use up its pace.</summary>
    public long PacedUntil { get; set; }

    /// <summary>It is being removed, and the guest was asked to let go.</summary>
    public bool IsRemoving { get; set; }

    /// <summary>Timestamp at which it is removed even if the guest has not let go.</summary>
    public long RemoveAt { get; set; }
}
