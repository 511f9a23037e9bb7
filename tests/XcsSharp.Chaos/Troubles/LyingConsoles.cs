using System.Runtime.InteropServices;

using XcsSharp.Rings;

namespace XcsSharp.Chaos.Troubles;

/// <summary>A guest that writes into its console ring what no kernel would: indexes, bytes, the liveness byte, events without a reason.</summary>
internal sealed class LyingConsoles(Bed bed, Random random, string name) : LyingGuest(bed, random, name)
{
    private const ulong Frame = 0x1002; // what simxen gives a domain with a console (simxen.h)
    private const uint Port = 2;

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
                WriteNoise(page);
                break;
            case 2:
                Marshal.WriteByte(page, ConsoleRingLayout.Connection, (byte)Random.Next(3));
                Note("the liveness byte");
                break;
            case 3:
                NotifyForNothing(Port);
                return;
            default:
                Print(page);
                break;
        }

        _ = Domain!.Events.Notify(Port);
    }

    protected override void Unmap()
    {
        _page?.Dispose();
        _page = null;
    }

    private async Task BeginLifeAsync(CancellationToken cancel)
    {
        await BeginLifeAsync(classic: false, console: true, cancel);
        _ = Domain!.Events.Claim(Port);
        _page = Bed.Kernels.MapPage(Domain.Domid, Frame);
        Note("a life");
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
