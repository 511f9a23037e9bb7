using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>A client that opts into the extensions (src/XcsSharp.Protocol/README.md), against the real daemon.</summary>
public sealed class ExtensionTests
{
    [Fact]
    public async Task A_client_that_opts_in_learns_of_domains_binds_one_and_hears_why_a_request_went_nowhere()
    {
        await using Lab lab = await Lab.StartAsync();
        using RecordSocket control = await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        XcsRecord agreed = await control.AskAsync(
            new XcsRecord
            {
                Type = RecordType.ConnectExtended,
                Result = (RecordResult)uint.MaxValue,
                ExtensionVersion = 3,
                Extensions = Extensions.All,
                Credit = 1000,
            },
            Lab.Cancel);
        Assert.Equal(
            (RecordResult.Ok, 1u, Extensions.All, 1000u),
            (agreed.Result, agreed.ExtensionVersion, agreed.Extensions, agreed.Credit));
        using RecordSocket data = await RecordSocket.ConnectAsync(lab.Places.Classic, Lab.Cancel);
        XcsRecord connected = await data.AskAsync(
            new XcsRecord { Type = RecordType.ConnectData, SessionId = agreed.SessionId }, Lab.Cancel);
        Assert.Equal(RecordResult.Ok, connected.Result);
        Assert.Equal(DomainNewsKind.Complete, (await data.ReceiveAsync(Lab.Cancel)).News);

        await using GuestProgram guest = GuestProgram.Start(
            lab.Machine, new GuestOptions("web"), ["console", "--type", "1"]);
        XcsRecord news = await data.ReceiveAsync(Lab.Cancel);
        while (news.DomainLocalPort == 0)
        {
            Assert.Equal((RecordType.DomainNews, DomainNewsKind.Exists), (news.Type, news.News));
            news = await data.ReceiveAsync(Lab.Cancel);
        }

        Assert.Equal("web", news.DomainName.ToString());
        uint domid = news.RemoteDomain;
        XcsRecord bind = new() { Type = RecordType.BindDomain, RemoteDomain = domid, BindType = 1 };
        Assert.Equal(RecordResult.Ok, (await control.AskAsync(bind, Lab.Cancel)).Result);

        await guest.WriteAsync("hello", Lab.Cancel);
        XcsRecord request = await data.ReceiveAsync(Lab.Cancel);
        Assert.Equal("hello"u8.ToArray(), request.Message.Data.ToArray());
        Assert.NotEqual(0u, request.Correlation);
        await data.SendAsync(request with { Type = RecordType.Response }, Lab.Cancel);

        ControlMessage ask = ControlMessage.Create(MessageType.Debug, 0, 9, []);
        XcsRecord toNobody = XcsRecord.ForMessage(RecordType.Request, 4711, 0, ask) with { Correlation = 77 };
        await data.SendAsync(toNobody, Lab.Cancel);
        XcsRecord undelivered = await data.ReceiveAsync(Lab.Cancel);
        Assert.Equal(
            (RecordType.Undelivered, 77u, 4711u, UndeliveredReason.NoSuchDomain),
            (undelivered.Type, undelivered.Correlation, undelivered.RemoteDomain, undelivered.Reason));
        await data.SendAsync(XcsRecord.ForMessage(RecordType.Request, domid, 0, ask) with { Correlation = 78 }, Lab.Cancel);
        XcsRecord response = await data.ReceiveAsync(Lab.Cancel);
        Assert.Equal((RecordType.Response, 78u, 9), (response.Type, response.Correlation, response.Message.Id));

        await guest.Kill9Async(Lab.Cancel);
        while (news.News != DomainNewsKind.Gone)
        {
            news = await data.ReceiveAsync(Lab.Cancel);
        }

        Assert.Equal(domid, news.RemoteDomain);
        Assert.Equal(0ul, (await lab.StatusAsync()).AnsweredByDaemon);
    }

    [Fact]
    public async Task A_slow_client_with_credit_is_not_closed_and_stalls_nobody()
    {
        await using Lab lab = await Lab.StartAsync("--Switching:SessionQueueBytes=64KiB");
        using RecordSocket control = await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        XcsRecord agreed = await control.AskAsync(
            new XcsRecord { Type = RecordType.ConnectExtended, ExtensionVersion = 1, Extensions = Extensions.Credit, Credit = 5 },
            Lab.Cancel);
        using RecordSocket data = await RecordSocket.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
        await data.AskAsync(new XcsRecord { Type = RecordType.ConnectData, SessionId = agreed.SessionId }, Lab.Cancel);
        XcsRecord bind = new()
        {
            Type = RecordType.Bind,
            BindPort = ProtocolLimits.PortWildcard,
            BindType = ProtocolLimits.TypeWildcard,
        };
        await control.AskAsync(bind, Lab.Cancel);

        // Far more than its queue of 819 records takes; the console handler answers, so the guest ends in its own time.
        await using GuestProgram guest = GuestProgram.Start(
            lab.Machine, new GuestOptions("web"), ["flood", "--messages", "3000"]);
        Assert.Equal(0, await guest.Process.WaitAsync(Lab.Cancel));

        Assert.Equal(0ul, (await lab.StatusAsync()).SlowSessionsClosed);
        await data.SendAsync(new XcsRecord { Type = RecordType.Credit, Credit = 100_000 }, Lab.Cancel);
        int requests = 0;
        XcsRecord record = await data.ReceiveAsync(Lab.Cancel);
        for (; record.Type == RecordType.Request; record = await data.ReceiveAsync(Lab.Cancel))
        {
            requests++;
        }

        Assert.Equal(RecordType.Gap, record.Type);
        Assert.Equal(5 + (65536 / ProtocolLimits.RecordSize), requests);
    }
}
