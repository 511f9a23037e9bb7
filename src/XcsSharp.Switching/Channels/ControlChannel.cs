using XcsSharp.Protocol;

namespace XcsSharp.Switching;

public sealed class ControlChannel
{
    public GuestDomain Domain => throw new NotImplementedException();
    public TransportKind Kind => throw new NotImplementedException();
    public int LocalPort => throw new NotImplementedException();
    public int RemotePort => throw new NotImplementedException();
    public ChannelState State => throw new NotImplementedException();
    public string? Problem => throw new NotImplementedException();
    public ChannelCounters Counters => throw new NotImplementedException();
    public int Unanswered => throw new NotImplementedException();
    public AnswerOutcome Answer(ISubscriber who, RequestTicket ticket, in ControlMessage response) => throw new NotImplementedException();
    public bool TrySendRequest(ISubscriber from, in ControlMessage request) => throw new NotImplementedException();
}
