namespace XcsSharp.Switching.Tests.Rig;

/// <summary>A subscriber inside the daemon: keeps what it gets, and does on a request what a test wants.</summary>
internal sealed class RecordingSubscriber(string name = "recorder") : ISubscriber
{
    public string Name => name;

    public List<(ControlChannel Channel, ControlMessage Message, RequestTicket Ticket)> Requests { get; } = [];

    public List<ControlMessage> Responses { get; } = [];

    public List<int> Virqs { get; } = [];

    /// <summary>Everything else, in words.</summary>
    public List<string> News { get; } = [];

    public Action<ControlChannel, ControlMessage, RequestTicket>? WhenRequested { get; set; }

    public Action<ControlChannel>? WhenRoom { get; set; }

    public Action<ControlChannel>? WhenResponded { get; set; }

    public Action? WhenInterrupted { get; set; }

    /// <summary>On every news, after it is kept.</summary>
    public Action? WhenTold { get; set; }

    public IEnumerable<byte> RequestIds => Requests.Select(request => request.Message.Id);

    public RecordingSubscriber Answering()
    {
        WhenRequested = (channel, request, ticket) => channel.Answer(this, ticket, request);
        return this;
    }

    public AnswerOutcome Answer(int index, params byte[] data)
    {
        (ControlChannel channel, ControlMessage request, RequestTicket ticket) = Requests[index];
        return channel.Answer(this, ticket, ControlMessage.Create(request.Type, request.Subtype, request.Id, data));
    }

    public void OnDomainAppeared(GuestDomain domain) => Keep($"domain {domain.Domid}.{domain.Generation}");

    public void OnDomainGone(GuestDomain domain) => Keep($"gone {domain.Domid}.{domain.Generation}");

    public void OnChannelOpened(ControlChannel channel) => Keep($"opened {channel.Domain.Domid}");

    public void OnChannelClosed(ControlChannel channel, string reason)
        => Keep($"closed {channel.Domain.Domid}: {reason}");

    public void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
    {
        Requests.Add((channel, request, ticket));
        WhenRequested?.Invoke(channel, request, ticket);
    }

    public void OnResponse(ControlChannel channel, in ControlMessage response)
    {
        Responses.Add(response);
        WhenResponded?.Invoke(channel);
    }

    public void OnNoAnswer(ControlChannel channel, in SentRequest request) => News.Add($"no answer {request.Correlation}");

    public void OnVirq(int port)
    {
        Virqs.Add(port);
        WhenInterrupted?.Invoke();
    }

    public void OnRequestRoom(ControlChannel channel)
    {
        News.Add($"room {channel.Domain.Domid}");
        WhenRoom?.Invoke(channel);
    }

    private void Keep(string news)
    {
        News.Add(news);
        WhenTold?.Invoke();
    }
}
