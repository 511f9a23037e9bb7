using XcsSharp.Protocol;
using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets.ControlPages;

/// <summary>The one subscriber of the fuzzed channel.</summary>
internal sealed class PageSubscriber(ControlPageTarget target) : ISubscriber
{
    public string Name => "fuzzer";

    /// <summary>Answers from inside the delivery.</summary>
    public bool AnswersAtOnce { get; set; }

    /// <summary>The newest channel.</summary>
    public ControlChannel? Opened { get; set; }

    public void OnDomainAppeared(GuestDomain domain)
    {
    }

    public void OnDomainGone(GuestDomain domain)
    {
    }

    public void OnChannelOpened(ControlChannel channel) => Opened = channel;

    public void OnChannelClosed(ControlChannel channel, string reason)
    {
    }

    public void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket) => target.OnRequest(request, ticket);

    public void OnResponse(ControlChannel channel, in ControlMessage response) => target.OnResponse(channel, response);

    public void OnNoAnswer(ControlChannel channel, in SentRequest request) => target.OnNoAnswer(request.Correlation);

    public void OnVirq(int port)
    {
    }

    public void OnRequestRoom(ControlChannel channel) => target.OnRoom();
}
