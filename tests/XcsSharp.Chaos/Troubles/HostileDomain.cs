using XcsSharp.Interop.Xen;
using XcsSharp.TestKit;

namespace XcsSharp.Chaos.Troubles;

/// <summary>A domain whose kernel is ours to lie with, in lives that often follow each other under one number.</summary>
internal sealed class HostileDomain : IAsyncDisposable
{
    private readonly Bed _bed;
    private readonly ChildProcess _holder;

    private HostileDomain(Bed bed, ChildProcess holder, uint domid)
    {
        _bed = bed;
        _holder = holder;
        Domid = domid;
        Events = bed.Machine.As(domid, EventChannels.Open);
        Store = bed.Machine.As(domid, XenStoreConnection.Open);
    }

    public uint Domid { get; }

    /// <summary>Its own end of the event-channel device.</summary>
    public EventChannels Events { get; }

    /// <summary>With its own rights.</summary>
    public XenStoreConnection Store { get; }

    public static async Task<HostileDomain> CreateAsync(Bed bed, GuestOptions guest, bool console, CancellationToken cancel)
    {
        (ChildProcess holder, uint domid) = await bed.Machine.CreateAsync(guest, console, cancel);
        try
        {
            HostileDomain domain = new(bed, holder, domid);
            bed.Hostile[domid] = guest.Name;
            return domain;
        }
        catch
        {
            await holder.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _bed.Hostile.TryRemove(Domid, out _);
        Store.Dispose();
        Events.Dispose();
        await _holder.DisposeAsync();
    }
}
