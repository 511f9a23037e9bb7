using System.Runtime.InteropServices;

using XcsSharp.Rings;
using XcsSharp.TestKit;

namespace XcsSharp.Chaos.Troubles;

/// <summary>A guest that writes into its console ring what no kernel would: indexes, bytes, the liveness byte, events without a reason.</summary>
internal sealed class LyingConsoles(Bed bed, Random random, string name) : Trouble(bed, random)
{
    private const ulong Frame = 0x1002; // what simxen gives a domain with a console (simxen.h)
    private const uint Port = 2;

    private HostileDomain? _domain;
    private MappedPage? _page;

    public override string Name => "lying-consoles";

    protected override async Task ActAsync(CancellationToken cancel)
    {
        if (_page is null || Random.Next(25) == 0)
        {
            await BeginLifeAsync(cancel);
            return;
        }

        nint page = _page.DangerousGetHandle();
        switch (Random.Next(7))
        {
            case 0:
                int offset = OneOf(
                    ConsoleRingLayout.InputConsumer, ConsoleRingLayout.InputProducer, ConsoleRingLayout.OutputConsumer, ConsoleRingLayout.OutputProducer);
                Marshal.WriteInt32(page, offset, AnyIndex());
                Note("an index");
                break;
            case 1:
                byte[] noise = Bytes(MappedPage.Size);
                Marshal.Copy(noise, 0, page + Random.Next(MappedPage.Size - noise.Length + 1), noise.Length);
                Note("noise over the page");
                break;
            case 2:
                Marshal.WriteByte(page, ConsoleRingLayout.Connection, (byte)Random.Next(3));
                Note("the liveness byte");
                break;
            case 3:
                for (int i = Random.Next(1, 3000); i > 0; i--)
                {
                    _ = _domain!.Events.Notify(Port);
                }

                Note("events without a reason");
                return;
            default:
                Print(page);
                break;
        }

        _ = _domain!.Events.Notify(Port);
    }

    protected override async Task EndAsync()
    {
        _page?.Dispose();
        _page = null;
        if (_domain is not null)
        {
            await _domain.DisposeAsync();
            _domain = null;
        }
    }

    private async Task BeginLifeAsync(CancellationToken cancel)
    {
        uint? domid = Random.Next(2) == 0 ? _domain?.Domid : null;
        await EndAsync();
        _domain = await HostileDomain.CreateAsync(Bed, new GuestOptions(name, domid), console: true, cancel);
        _ = _domain.Events.Claim(Port);
        _page = Bed.Kernels.MapPage(_domain.Domid, Frame);
        Note(domid is null ? "a life" : "a life under the same number");
    }

    /// <summary>What a kernel would do, with bytes of every kind; often enough the index is nonsense already.</summary>
    private void Print(nint page)
    {
        byte[] output = Bytes(ConsoleRingLayout.OutputSize);
        Marshal.Copy(output, 0, page + ConsoleRingLayout.Output, output.Length);
        int consumer = Marshal.ReadInt32(page, ConsoleRingLayout.OutputConsumer);
        Marshal.WriteInt32(page, ConsoleRingLayout.OutputProducer, unchecked(consumer + output.Length));
        Note("output");
    }

    private int AnyIndex() => OneOf(0, -1, int.MinValue, int.MaxValue, Random.Next(5000), unchecked((int)Random.NextInt64()));
}
