using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class LogNamesTests
{
    [Theory]
    [InlineData("web", "", "guest-web.log")]
    [InlineData("Web-1.2_3+4", "", "guest-Web-1.2_3+4.log")]
    [InlineData("web", "#1", "guest-web#1.log")]
    [InlineData("web#1", "", "guest-domain-7.log")]
    [InlineData("web@8", "", "guest-domain-7.log")]
    [InlineData("..", "#2", "guest-domain-7#2.log")]
    [InlineData("../../etc/passwd", "#control", "guest-domain-7#control.log")]
    [InlineData("a\n\x1b]0;b", "", "guest-domain-7.log")]
    public void A_file_is_named_by_its_domain_and_console(string domain, string suffix, string file)
    {
        using var rig = new ConsoleRig();
        _ = rig.Hypervisor.AddDomain(7, domain);
        Switching.GuestDomain guest = rig.Switch.FindByDomid(7)!;
        Assert.Equal(file, LogNames.File(guest, LogNames.Base(guest), suffix));
    }

    [Theory]
    [InlineData("web", "web@7")]
    [InlineData("/", "domain-7@7")]
    public void A_namesake_has_its_domid_in_the_name(string domain, string known)
    {
        using var rig = new ConsoleRig();
        _ = rig.Hypervisor.AddDomain(7, domain);
        Assert.Equal(known, LogNames.NamesakesBase(rig.Switch.FindByDomid(7)!));
    }

    [Fact]
    public void The_hypervisors_log_has_a_name_that_no_guest_can_have()
    {
        using var rig = new ConsoleRig();
        _ = rig.Hypervisor.AddDomain(LogNames.HypervisorDomid, "xen");
        _ = rig.Hypervisor.AddDomain(1, "xen");
        Assert.Equal("hypervisor.log", LogNames.File(rig.Switch.FindByDomid(LogNames.HypervisorDomid)!, "xen", ""));
        Assert.Equal("guest-xen.log", LogNames.File(rig.Switch.FindByDomid(1)!, "xen", ""));
    }
}
