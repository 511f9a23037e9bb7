namespace XcsSharp.Switching.Tests;

public sealed class ControlRecordTests : IDisposable
{
    private readonly SwitchRig _rig = new();
    private readonly SessionClient _session;

    public ControlRecordTests() => _session = _rig.OpenSession();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(-1, 0, RecordResult.BadRequest)]
    [InlineData(131072, 0, RecordResult.BadRequest)]
    [InlineData(ProtocolLimits.PortWildcard - 1, 0, RecordResult.BadRequest)]
    [InlineData(16, 256, RecordResult.BadRequest)]
    [InlineData(16, 0xfffd, RecordResult.BadRequest)]
    [InlineData(0, 0, RecordResult.Ok)]
    [InlineData(1024, 0, RecordResult.Ok)]
    [InlineData(131071, 255, RecordResult.Ok)]
    [InlineData(16, 0xfffe, RecordResult.Ok)]
    [InlineData(16, 0xffff, RecordResult.Ok)]
    [InlineData(ProtocolLimits.PortWildcard, 0xfffe, RecordResult.Ok)]
    public void Bindings_are_validated(int port, int type, RecordResult expected)
    {
        XcsRecord bind = Records.Bind(port, (ushort)type);
        XcsRecord reply = _session.Control.Ask(bind);
        Assert.Equal(expected, reply.Result);
        bind.Result = expected;
        Assert.Equal(XcsRecord.Bytes(in bind), XcsRecord.Bytes(in reply));
        Assert.Equal(expected, _session.Control.Ask(Records.Unbind(port, (ushort)type)).Result);
    }

    [Fact]
    public void Unbinding_nothing_is_fine() =>
        Assert.Equal(RecordResult.Ok, _session.Control.Ask(Records.Unbind(99, 9)).Result);

    [Fact]
    public void Too_many_bindings_fail()
    {
        _rig.Options.MaxBindsPerSubscriber = 1;
        Assert.Equal(RecordResult.Ok, _session.Bind(1, 1));
        Assert.Equal(RecordResult.Failed, _session.Bind(1, 2));
    }

    [Theory]
    [InlineData(RecordType.ConnectControl)]
    [InlineData(RecordType.ConnectData)]
    [InlineData(RecordType.Goodbye)]
    [InlineData(RecordType.Request)]
    [InlineData(RecordType.Response)]
    [InlineData(RecordType.Virq)]
    [InlineData((RecordType)12)]
    [InlineData((RecordType)0x80000000)]
    public void Every_other_type_is_echoed_unchanged(RecordType type)
    {
        XcsRecord sent = Records.Request(9, MessageType.Debug, 3, 1, 2, 3) with { Type = type, Result = (RecordResult)99 };
        XcsRecord reply = _session.Control.Ask(sent);
        Assert.Equal(XcsRecord.Bytes(in sent), XcsRecord.Bytes(in reply));

        // And the connection serves on.
        Assert.Equal(RecordResult.Ok, _session.BindAll());
    }

    [Fact]
    public void Joined_records_are_answered_in_order()
    {
        for (ushort type = 0; type < 100; type++)
        {
            _session.Control.Send(Records.Bind(type, type));
        }

        _rig.Settle();
        Assert.Equal(Enumerable.Range(0, 100), _session.Control.TakeAll().Select(reply => (int)reply.BindType));
    }

    [Fact]
    public void An_interface_is_opened_with_any_or_a_wished_port()
    {
        _rig.AddDomain(5);
        _rig.AddDomain(6);
        XcsRecord any = _session.Control.Ask(Records.Open(5));
        XcsRecord wished = _session.Control.Ask(Records.Open(6, local: 900));
        Assert.Equal((RecordResult.Ok, 16, 1), (any.Result, any.InterfaceLocalPort, any.InterfaceRemotePort));
        Assert.Equal((RecordResult.Ok, 900, 1), (wished.Result, wished.InterfaceLocalPort, wished.InterfaceRemotePort));
    }

    [Fact]
    public void An_open_interface_gives_its_own_ports_whatever_was_asked()
    {
        FakeGuest guest = _rig.AddGuest(5);
        XcsRecord reply = _session.Control.Ask(Records.Open(5, 700, 7));
        Assert.Equal(
            (RecordResult.Ok, guest.LocalPort, 1), (reply.Result, reply.InterfaceLocalPort, reply.InterfaceRemotePort));
    }

    [Theory]
    [InlineData(42u, 0, 1, RecordResult.Failed)]
    [InlineData(0u, 0, 0, RecordResult.Failed)]
    [InlineData(0x10005u, 0, 1, RecordResult.Failed)]
    [InlineData(5u, 16, 1, RecordResult.Failed)]
    [InlineData(5u, 17, 1, RecordResult.Failed)]
    [InlineData(5u, -1, 1, RecordResult.BadRequest)]
    [InlineData(5u, 131072, 1, RecordResult.BadRequest)]
    [InlineData(5u, 0, 131072, RecordResult.BadRequest)]
    [InlineData(5u, ProtocolLimits.PortWildcard, 1, RecordResult.BadRequest)]
    [InlineData(5u, 0, ProtocolLimits.PortWildcard, RecordResult.BadRequest)]
    public void B08_An_interface_that_cannot_be_opened_is_refused(uint domid, int local, int remote, RecordResult expected)
    {
        _rig.AddDomain(5);
        FakeGuest other = _rig.AddGuest(6);
        XcsRecord virq = _session.Control.Ask(Records.BindVirq(3));
        Assert.Equal((16, 17), (other.LocalPort, virq.VirqPort));

        XcsRecord reply = _session.Control.Ask(Records.Open(domid, local, remote));

        Assert.Equal(
            (expected, domid, local, remote),
            (reply.Result, reply.InterfaceDomain, reply.InterfaceLocalPort, reply.InterfaceRemotePort));

        // The original closed the port that the client had named.
        Assert.True(_rig.Hypervisor.IsBound(16));
        Assert.True(_rig.Hypervisor.IsBound(17));
        Assert.Null(_rig.Switch.FindByDomid(5)!.Channel);
    }

    [Fact]
    public void A_domain_that_discovery_has_not_reported_yet_can_be_opened()
    {
        FakeGuest guest = _rig.Hypervisor.AddUnreported(8);
        Assert.Equal(RecordResult.Ok, _session.Control.Ask(Records.Open(8)).Result);
        _rig.Switch.OnDomainAppeared(8, "late", guest.Uuid);
        GuestDomain domain = Assert.Single(_rig.Switch.FindByName("late"));
        Assert.Equal(1ul, domain.Generation);
        Assert.NotNull(domain.Channel);
    }

    [Fact]
    public void B19_The_last_reference_closes_the_interface_and_others_are_not_counted()
    {
        FakeGuest guest = _rig.AddDomain(5);
        SessionClient other = _rig.OpenSession();
        _session.Control.Ask(Records.Open(5));
        _session.Control.Ask(Records.Open(5));
        other.Control.Ask(Records.Open(5));

        // Three closes of one client with two references do not take the other's.
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(RecordResult.Ok, _session.Control.Ask(Records.Close(5)).Result);
        }

        Assert.False(guest.Transport.IsDisposed);
        Assert.Equal(RecordResult.Ok, other.Control.Ask(Records.Close(5)).Result);
        Assert.True(guest.Transport.IsDisposed);
        Assert.Null(_rig.Switch.FindByDomid(5)!.Channel);

        // And it can be opened again with the ports of before.
        Assert.Equal(RecordResult.Ok, _session.Control.Ask(Records.Open(5, 16)).Result);
    }

    [Fact]
    public void B20_Closing_what_is_not_open_opens_nothing()
    {
        _rig.AddDomain(5);
        Assert.Equal(RecordResult.Ok, _session.Control.Ask(Records.Close(5)).Result);
        Assert.Equal(RecordResult.Ok, _session.Control.Ask(Records.Close(99)).Result);
        Assert.Equal(RecordResult.BadRequest, _session.Control.Ask(Records.Close(5, -1)).Result);
        Assert.Null(_rig.Switch.FindByDomid(5)!.Channel);
    }

    [Fact]
    public void A_channel_that_the_guest_published_stays_when_its_clients_go()
    {
        FakeGuest guest = _rig.AddGuest(5);
        _session.Control.Ask(Records.Open(5));
        _session.Control.Ask(Records.Close(5));
        Assert.False(guest.Transport.IsDisposed);
    }

    [Fact]
    public void B19_References_end_with_their_session()
    {
        FakeGuest guest = _rig.AddDomain(5);
        _session.Control.Ask(Records.Open(5));
        _session.Dispose();
        _rig.Settle();
        Assert.False(guest.Transport.IsDisposed);
        _rig.Advance(_rig.Options.SessionWindow);
        Assert.True(guest.Transport.IsDisposed);
    }

    [Fact]
    public void A_quarantined_channel_cannot_be_opened()
    {
        FakeGuest guest = _rig.AddGuest(5);
        guest.Poke(Rings.ControlPageLayout.Transmit, Rings.ControlPageLayout.RequestProducer, 50);
        _rig.Settle();
        Assert.Equal(RecordResult.Failed, _session.Control.Ask(Records.Open(5)).Result);
    }

    [Fact]
    public void A_virtual_interrupt_is_shared_and_delivered_to_all_who_are_bound()
    {
        SessionClient second = _rig.OpenSession();
        SessionClient wild = _rig.OpenSession();
        int port = _session.Control.Ask(Records.BindVirq(3)).VirqPort;
        Assert.Equal(port, second.Control.Ask(Records.BindVirq(3)).VirqPort);
        Assert.NotEqual(port, second.Control.Ask(Records.BindVirq(4)).VirqPort);
        _session.Bind(port, ProtocolLimits.TypeVirq);
        second.Bind(port, ProtocolLimits.TypeVirq);
        wild.BindAll();

        _rig.Hypervisor.RaiseVirq(port);
        _rig.Settle();
        _rig.Hypervisor.RaiseVirq(port);
        _rig.Settle();

        foreach (SessionClient client in (SessionClient[])[_session, second, wild])
        {
            List<XcsRecord> records = client.Data.TakeAll();
            Assert.Equal(2, records.Count);
            Assert.All(records, record => Assert.Equal((RecordType.Virq, port), (record.Type, record.LocalPort)));

            // B7: every other byte is ours, too.
            Assert.All(records, record => Assert.Equal((0u, default(ulong)), ((uint)record.Result, record.SessionId & 0xffffffff)));
        }
    }

    [Fact]
    public void A_virtual_interrupt_is_released_when_the_last_who_asked_is_gone()
    {
        SessionClient second = _rig.OpenSession();
        _session.Control.Ask(Records.BindVirq(3));
        _session.Control.Ask(Records.BindVirq(3));
        second.Control.Ask(Records.BindVirq(3));
        second.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.SessionWindow);
        Assert.Single(_rig.Hypervisor.Virqs);

        _session.Dispose();
        _rig.Settle();
        _rig.Advance(_rig.Options.SessionWindow);
        Assert.Empty(_rig.Hypervisor.Virqs);
    }

    [Fact]
    public void A_virtual_interrupt_that_does_not_exist_fails()
    {
        Assert.Equal(RecordResult.Failed, _session.Control.Ask(Records.BindVirq(24)).Result);
        Assert.Equal(RecordResult.Failed, _session.Control.Ask(Records.BindVirq(0xffff)).Result);
    }
}
