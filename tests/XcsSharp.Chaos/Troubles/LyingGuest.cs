using System.Runtime.InteropServices;

using XcsSharp.Rings;
using XcsSharp.TestKit;

namespace XcsSharp.Chaos.Troubles;

/// <summary>A guest whose kernel lies, life after life, half of them under the number of the one before.</summary>
internal abstract class LyingGuest(Bed bed, Random random, string name) : Trouble(bed, random)
{
    /// <summary>Null before its first life.</summary>
    protected HostileDomain? Domain { get; private set; }

    protected async Task BeginLifeAsync(bool classic, bool console, CancellationToken cancel)
    {
        uint? domid = Random.Next(2) == 0 ? Domain?.Domid : null;
        await EndAsync();
        Domain = await HostileDomain.CreateAsync(Bed, new GuestOptions(name, domid, Classic: classic), console, cancel);
    }

    /// <summary>Lets go of the pages of a life that ends.</summary>
    protected abstract void Unmap();

    protected sealed override async Task EndAsync()
    {
        Unmap();
        if (Domain is not null)
        {
            await Domain.DisposeAsync();
            Domain = null;
        }
    }

    protected void WriteNoise(nint page)
    {
        byte[] noise = Bytes(MappedPage.Size);
        Marshal.Copy(noise, 0, page + Random.Next(MappedPage.Size - noise.Length + 1), noise.Length);
        Note("noise over the page");
    }

    protected void NotifyForNothing(uint port)
    {
        for (int i = Random.Next(1, 3000); i > 0; i--)
        {
            _ = Domain!.Events.Notify(port);
        }

        Note("events without a reason");
    }
}
