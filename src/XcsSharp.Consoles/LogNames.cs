using System.Globalization;

using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>
/// What the files of consoles are called. Of a domain's name only what can do no harm as a file name is taken over, as for
/// its terminal's link (<see cref="ConsoleFileNames.BaseFor"/>).
/// </summary>
internal static class LogNames
{
    /// <summary>The domid that stands for the hypervisor itself (DOMID_XEN of Xen's public/xen.h); no guest has it.</summary>
    internal const uint HypervisorDomid = 0x7FF2;

    /// <summary>The hypervisor's own log. No guest's file can have this name.</summary>
    internal const string Hypervisor = "hypervisor.log";

    /// <summary>What stands for a domain in the names of its files.</summary>
    internal static string Base(GuestDomain domain) => ConsoleFileNames.BaseFor(domain.Name, domain.Domid);

    /// <summary>
    /// <c>web@7</c>: the same for a domain whose namesake lives and was first. No domain's base can have that sign in it.
    /// </summary>
    internal static string NamesakesBase(GuestDomain domain)
        => string.Create(CultureInfo.InvariantCulture, $"{Base(domain)}@{domain.Domid}");

    /// <summary><c>typed-web.log</c>: what is typed at a console. No log's name begins so.</summary>
    internal static string TypedFile(string known, string suffix) => $"typed-{known}{suffix}.log";

    /// <summary><c>guest-web.log</c>; of other consoles <c>guest-web#1.log</c> and <c>guest-web#control.log</c>.</summary>
    /// <param name="domain">Whose.</param>
    /// <param name="known">What stands for the domain, as above.</param>
    /// <param name="suffix">What follows the domain's name in the console's.</param>
    internal static string File(GuestDomain domain, string known, string suffix)
        => domain.Domid == HypervisorDomid ? Hypervisor : $"guest-{known}{suffix}.log";
}
