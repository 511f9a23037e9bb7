using XcsSharp.TestKit;

namespace XcsSharp.Xen.Tests;

/// <summary>A domain without a program: what runs in it is a <see cref="GuestActor"/> of the test's, or several in turn.</summary>
internal sealed class SimDomain : IAsyncDisposable
{
    private readonly ChildProcess _holder;

    private SimDomain(SimWorld world, uint domid, string name, ChildProcess holder)
    {
        World = world;
        Domid = domid;
        Name = name;
        _holder = holder;
    }

    public SimWorld World { get; }

    public uint Domid { get; }

    public string Name { get; }

    public string PagePath => $"/local/domain/{Domid}/data/xcs";

    /// <summary>Where the toolstack describes its primary console.</summary>
    public string ConsolePath => $"/local/domain/{Domid}/console";

    public static async Task<SimDomain> CreateAsync(SimWorld world, uint domid, string name, bool classic, bool console)
    {
        (ChildProcess holder, _) = await world.Machine.CreateAsync(
            new GuestOptions(name, domid, classic), console, SimWorld.Cancel);
        return new SimDomain(world, domid, name, holder);
    }

    /// <summary>The domain ends, as by <c>xl destroy</c>.</summary>
    public async Task DestroyAsync() => await _holder.Kill9Async(SimWorld.Cancel);

    public GuestActor StartProgram() => new(this);

    public ValueTask DisposeAsync() => _holder.DisposeAsync();
}
