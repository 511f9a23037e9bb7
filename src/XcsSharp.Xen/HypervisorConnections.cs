using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;

namespace XcsSharp.Xen;

/// <summary>Every handle to the hypervisor and its store, opened together and closed together.</summary>
internal sealed class HypervisorConnections : IDisposable
{
    private readonly List<IDisposable> _opened = [];

    /// <exception cref="ErrnoException">One can not be opened; the others are closed again.</exception>
    public HypervisorConnections(EventLoop loop)
    {
        try
        {
            Domains = Keep(DomainInfo.Open());
            Store = Keep(XenStoreConnection.Open());
            Ports = Keep(new EventChannelDevice(loop));
            Grants = Keep(GrantTable.Open());
            Memory = Keep(ForeignMemory.Open());
            PortStates = Keep(PortInfo.Open());
            Log = Keep(HypervisorLog.Open());
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public DomainInfo Domains { get; }

    public XenStoreConnection Store { get; }

    public EventChannelDevice Ports { get; }

    public GrantTable Grants { get; }

    public ForeignMemory Memory { get; }

    public PortInfo PortStates { get; }

    public HypervisorLog Log { get; }

    public void Dispose()
    {
        for (int i = _opened.Count - 1; i >= 0; i--)
        {
            _opened[i].Dispose();
        }

        _opened.Clear();
    }

    private T Keep<T>(T connection)
        where T : IDisposable
    {
        _opened.Add(connection);
        return connection;
    }
}
