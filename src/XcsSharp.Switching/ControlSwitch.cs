namespace XcsSharp.Switching;

// The constructor (EventLoop, IHypervisor, SwitchOptions, ILogger) joins with the reactor.
public sealed class ControlSwitch : IHypervisorSink, IDisposable
{
    private ControlSwitch()
    {
    }

    public IReadOnlyCollection<GuestDomain> Domains => throw new NotImplementedException();
    public SwitchCounters Counters => throw new NotImplementedException();
    public void Start() => throw new NotImplementedException();
    public GuestDomain? FindByDomid(uint domid) => throw new NotImplementedException();
    public IReadOnlyList<GuestDomain> FindByName(string name) => throw new NotImplementedException();
    public void Attach(ISubscriber subscriber) => throw new NotImplementedException();
    public void Detach(ISubscriber subscriber) => throw new NotImplementedException();
    public void Bind(ISubscriber subscriber, int port, ushort type) => throw new NotImplementedException();
    public void Unbind(ISubscriber subscriber, int port, ushort type) => throw new NotImplementedException();
    public void OnDomainAppeared(uint domid, string name, Guid uuid) => throw new NotImplementedException();
    public void OnDomainGone(uint domid) => throw new NotImplementedException();
    public void OnTransportOffered(uint domid, IChannelTransport transport) => throw new NotImplementedException();
    public void OnTransportWithdrawn(uint domid, string reason) => throw new NotImplementedException();
    public void Dispose() => throw new NotImplementedException();
}
