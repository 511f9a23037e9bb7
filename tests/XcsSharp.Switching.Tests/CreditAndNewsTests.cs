namespace XcsSharp.Switching.Tests;

/// <summary>Extended sessions whose clients are slow, and what they are told of domains.</summary>
public sealed class CreditAndNewsTests : IDisposable
{
    private const int QueueRecords = 16;

    private readonly SwitchRig _rig = new(options => options.SessionQueueBytes = QueueRecords * ProtocolLimits.RecordSize);

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void No_more_records_leave_than_the_client_is_ready_for()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.Credit, credit: 3);
        client.BindAll();
        Send(guest, 0, 8);
        Assert.Equal([0, 1, 2], Ids(client));
        client.GiveCredit(2);
        Assert.Equal([3, 4], Ids(client));

        // On the control connection it has a reply.
        XcsRecord credit = new() { Type = RecordType.Credit, Credit = uint.MaxValue };
        Assert.Equal(RecordResult.Ok, client.Control.Ask(credit).Result);
        Assert.Equal([5, 6, 7], Ids(client));

        // More than can be counted is not little: these four would make it 0.
        client.GiveCredit(4);
        guest.TakeAnswers();
        _rig.Advance(_rig.Options.ResponseTimeout + TimeSpan.FromMilliseconds(1));
        Assert.Equal(8, guest.TakeAnswers().Count);
        Send(guest, 8, 1);
        Assert.Equal([8], Ids(client));
    }

    [Fact]
    public void A_slow_client_is_not_closed_and_is_offered_again_what_nobody_took()
    {
        FakeGuest[] guests = [.. Enumerable.Range(1, 4).Select(domid => _rig.AddGuest((uint)domid))];
        ExtendedClient client = _rig.OpenExtended(Extensions.Credit, credit: 0);
        client.BindAll();

        // 32 requests, and 16 that may wait for the client. The rest waits with the switch.
        foreach (FakeGuest guest in guests)
        {
            Send(guest, 0, 8);
        }

        Assert.Equal(1ul, _rig.Switch.Counters.SessionsPaused);
        Assert.Equal(0ul, _rig.Switch.Counters.SlowSessionsClosed);
        List<XcsRecord> records = [];
        for (int i = 0; i < 50; i++)
        {
            client.GiveCredit(1);
            foreach (XcsRecord record in client.Data.TakeAll())
            {
                records.Add(record);
                if (record.Type == RecordType.Request)
                {
                    client.Send(Records.Response(record));
                }
            }
        }

        Assert.All(guests, guest => Assert.Equal(Enumerable.Range(0, 8), guest.TakeAnswers().Select(answer => (int)answer.Id)));

        // As often as the queue ran full, what was offered again included; each request came once.
        XcsRecord[] gaps = [.. records.Where(record => record.Type == RecordType.Gap)];
        Assert.Equal(_rig.Switch.Counters.SessionsPaused, (ulong)gaps.Length);
        Assert.All(gaps, gap => Assert.Equal(0ul, gap.Lost));
        Assert.Equal(32, records.Count - gaps.Length);
        Assert.Equal(0ul, _rig.Switch.Counters.AnsweredByDaemon);
    }

    [Fact]
    public void What_a_slow_client_does_not_take_in_time_others_take_or_the_daemon_answers()
    {
        FakeGuest[] guests = [.. Enumerable.Range(1, 4).Select(domid => _rig.AddGuest((uint)domid))];
        ExtendedClient slow = _rig.OpenExtended(Extensions.Credit, credit: 0);
        slow.BindAll();
        foreach (FakeGuest guest in guests)
        {
            Send(guest, 0, 8);
        }

        _rig.Advance(_rig.Options.UnboundGrace + TimeSpan.FromMilliseconds(1));
        Assert.Equal(16ul, _rig.Switch.Counters.AnsweredByDaemon);

        // What it has in its queue it may still answer, as any client may.
        _rig.Advance(_rig.Options.ResponseTimeout);
        Assert.Equal(32ul, _rig.Switch.Counters.AnsweredByDaemon);
        Assert.All(guests, guest => Assert.Equal(8, guest.TakeAnswers().Count));
    }

    [Fact]
    public void A_healthy_client_beside_a_slow_one_gets_everything()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient slow = _rig.OpenExtended(Extensions.Credit, credit: 0);
        slow.BindAll();
        SessionClient healthy = _rig.OpenSession();
        healthy.BindAll();
        for (int round = 0; round < 20; round++)
        {
            Send(guest, 0, 8);
            List<XcsRecord> requests = healthy.Data.TakeAll();
            Assert.Equal(8, requests.Count);
            foreach (XcsRecord request in requests)
            {
                healthy.Data.Send(Records.Response(request));
            }

            _rig.Settle();
            Assert.Equal(8, guest.TakeAnswers().Count);
        }

        Assert.Equal(1ul, _rig.Switch.Counters.SessionsPaused);
        slow.GiveCredit(1000);
        Assert.Equal([.. Enumerable.Repeat(RecordType.Request, QueueRecords), RecordType.Gap],
            slow.Data.TakeAll().Select(record => record.Type));
    }

    [Fact]
    public void Records_other_than_requests_that_found_no_place_are_counted_in_the_gap()
    {
        ExtendedClient client = _rig.OpenExtended(Extensions.Credit | Extensions.Reasons, credit: 0);
        for (int i = 0; i < QueueRecords + 5; i++)
        {
            client.Send(Records.Request(99, MessageType.Debug, (byte)i));
        }

        client.GiveCredit(1000);
        List<XcsRecord> records = client.Data.TakeAll();
        Assert.Equal(QueueRecords + 1, records.Count);
        Assert.Equal((RecordType.Gap, 5ul), (records[^1].Type, records[^1].Lost));
    }

    [Fact]
    public void Without_credit_a_client_that_does_not_read_is_not_closed_either()
    {
        FakeGuest guest = _rig.AddGuest(5);
        ExtendedClient client = _rig.OpenExtended(Extensions.None);
        client.BindAll();
        _rig.Attach(new RecordingSubscriber().Answering());
        while (_rig.Switch.Counters.SessionsPaused == 0)
        {
            Send(guest, 0, 8);
            Assert.Equal(8, guest.TakeAnswers().Count);
        }

        int read = 0;
        bool isGapTold = false;
        while (!isGapTold)
        {
            List<XcsRecord> records = client.Data.TakeAll();
            Assert.NotEmpty(records);
            read += records.Count;
            isGapTold = records[^1].Type == RecordType.Gap;
            _rig.Settle();
        }

        Assert.True(read > QueueRecords);
        Send(guest, 9, 1);
        Assert.Equal([9], Ids(client));
    }

    [Fact]
    public void A_client_that_comes_back_while_it_is_paused_starts_anew()
    {
        FakeGuest guest = _rig.AddGuest(5);
        FakeGuest second = _rig.AddGuest(6);
        FakeGuest third = _rig.AddGuest(7);
        ExtendedClient client = _rig.OpenExtended(Extensions.Credit, credit: 0);
        client.BindAll();
        foreach (FakeGuest each in (FakeGuest[])[guest, second, third])
        {
            Send(each, 0, 8);
        }

        Assert.Equal(1ul, _rig.Switch.Counters.SessionsPaused);
        client.Data.Dispose();
        _rig.Settle();
        client.Data = client.ConnectData();
        client.GiveCredit(1000);

        // All that was owed is owed again, and all of it is there to be answered.
        List<XcsRecord> records = client.Data.TakeAll();
        foreach (XcsRecord request in records.Where(record => record.Type == RecordType.Request))
        {
            client.Send(Records.Response(request));
        }

        client.GiveCredit(1000);
        foreach (XcsRecord request in client.Data.TakeAll().Where(record => record.Type == RecordType.Request))
        {
            client.Send(Records.Response(request));
        }

        Assert.Equal(24, guest.TakeAnswers().Count + second.TakeAnswers().Count + third.TakeAnswers().Count);
        Assert.Equal(0ul, _rig.Switch.Counters.AnsweredByDaemon);
    }

    [Fact]
    public void All_that_exists_is_told_at_the_beginning_and_then_what_changes()
    {
        FakeGuest one = _rig.AddGuest(1, "one");
        _rig.AddDomain(2, "two");
        ExtendedClient client = _rig.OpenExtended(Extensions.News);
        _rig.Settle();
        List<XcsRecord> first = client.Data.TakeAll();
        Assert.All(first, record => Assert.Equal(RecordType.DomainNews, record.Type));
        Assert.Equal(
            [(1u, "one", one.LocalPort, 1), (2u, "two", 0, 0)],
            first[..^1].Select(record =>
                (record.RemoteDomain, record.DomainName.ToString(), record.DomainLocalPort, record.DomainRemotePort)).Order());
        Assert.Equal(DomainNewsKind.Complete, first[^1].News);

        _rig.Switch.OnDomainAppeared(2, "renamed", Guid.Empty);
        _rig.Switch.OnTransportWithdrawn(1, "gone");
        _rig.Switch.OnDomainGone(2);
        _rig.Switch.OnDomainAppeared(2, "next", Guid.Empty);
        _rig.Settle();
        Assert.Equal(
            [
                (2u, DomainNewsKind.Exists, 1ul, "renamed", 0),
                (1u, DomainNewsKind.Exists, 1ul, "one", 0),
                (2u, DomainNewsKind.Gone, 1ul, "renamed", 0),
                (2u, DomainNewsKind.Exists, 2ul, "next", 0),
            ],
            client.Data.TakeAll().Select(record =>
                (record.RemoteDomain, record.News, record.DomainLife, record.DomainName.ToString(), record.DomainLocalPort)));
    }

    [Fact]
    public void More_domains_than_the_queue_takes_are_told_at_the_clients_pace()
    {
        for (uint domid = 1; domid <= 100; domid++)
        {
            _rig.AddDomain(domid);
        }

        ExtendedClient client = _rig.OpenExtended(Extensions.News | Extensions.Credit, credit: 10);
        List<XcsRecord> told = [];
        for (int i = 0; i < 11; i++)
        {
            List<XcsRecord> some = client.Data.TakeAll();
            Assert.True(some.Count <= 10);
            told.AddRange(some);
            if (i == 0)
            {
                // What ends meanwhile is not told of as if it lived.
                _rig.Switch.OnDomainGone(told[0].RemoteDomain == 100 ? 99u : 100u);
            }

            client.GiveCredit(10);
        }

        Assert.Equal(DomainNewsKind.Complete, told[^1].News);
        Assert.Single(told, record => record.News == DomainNewsKind.Gone);
        Assert.Equal(99, told.Where(record => record.News == DomainNewsKind.Exists).Select(record => record.RemoteDomain).Distinct().Count());
        Assert.Equal(0ul, _rig.Switch.Counters.SessionsPaused);
    }

    [Fact]
    public void News_that_were_missed_are_made_good_for_by_telling_all_again()
    {
        ExtendedClient client = _rig.OpenExtended(Extensions.News | Extensions.Credit, credit: 1);
        Assert.Equal(DomainNewsKind.Complete, Assert.Single(client.Data.TakeAll()).News);
        for (uint domid = 1; domid <= QueueRecords + 3; domid++)
        {
            _rig.AddDomain(domid);
        }

        _rig.Switch.OnDomainGone(1);
        client.GiveCredit(1000);
        List<XcsRecord> records = client.Data.TakeAll();
        int gap = records.FindIndex(record => record.Type == RecordType.Gap);
        Assert.Equal(QueueRecords, gap);
        Assert.Equal(4ul, records[gap].Lost);
        Assert.Equal(
            Enumerable.Range(2, QueueRecords + 2).Select(domid => (uint)domid),
            records[(gap + 1)..^1].Select(record => record.RemoteDomain).Order());
        Assert.Equal(DomainNewsKind.Complete, records[^1].News);
    }

    [Theory]
    [InlineData("web", "web")]
    [InlineData("a-name-of-forty-eight-bytes-and-then-three-lettersXYZ", "a-name-of-forty-eight-bytes-and-then-three-lette")]
    [InlineData("a-name-of-forty-seven-bytes-and-then-an-umlaut-ü", "a-name-of-forty-seven-bytes-and-then-an-umlaut-")]
    public void A_name_is_cut_between_letters(string name, string shown)
        => Assert.Equal(shown, RecordName.Of(name).ToString());

    private static IEnumerable<int> Ids(ExtendedClient client)
        => client.Data.TakeAll().Select(record => (int)record.Message.Id);

    private void Send(FakeGuest guest, int first, int count)
    {
        for (int id = first; id < first + count; id++)
        {
            guest.Send(MessageType.Debug, (byte)id);
        }

        _rig.Settle();
    }
}
