using Xunit;

namespace XcsSharp.Rings.Tests;

public sealed class GrantedHeaderTests
{
    [Fact]
    public void The_controller_reads_what_the_guest_wrote()
    {
        using SharedRings rings = new();
        Assert.Equal(0u, rings.Controller.Header.Magic);
        Assert.False(rings.Controller.Header.Alive);

        rings.Guest.WriteHeader(0xFEDCBA9876543210);
        GrantedHeader header = rings.Controller.Header;
        Assert.Equal(GrantedHeader.ExpectedMagic, header.Magic);
        Assert.Equal(GrantedHeader.CurrentVersion, header.Version);
        Assert.Equal(0xFEDCBA9876543210, header.Nonce);
        Assert.True(header.Alive);
    }
}
