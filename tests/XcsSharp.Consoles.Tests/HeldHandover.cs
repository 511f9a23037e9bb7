using Microsoft.Win32.SafeHandles;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>What one handler leaves for the next, in this process: bytes, and no connections.</summary>
internal sealed class HeldHandover : IHandoverSink, IHandoverSource
{
    private readonly List<byte> _bytes = [];

    /// <summary>Ends a rig, and leaves its consoles.</summary>
    public static HandedConsoles Leave(ConsoleRig rig)
    {
        HeldHandover held = new();
        ConsolesState state = rig.Consoles.Leave(held);
        Assert.Null(state.Problem(held._bytes.Count));
        rig.Dispose();
        return new HandedConsoles(state, held);
    }

    public bool TryLeave(string name, Func<SafeFileHandle> descriptor) => false;

    public ByteRange Put(ReadOnlySpan<byte> bytes)
    {
        ByteRange range = new(_bytes.Count, bytes.Length);
        _bytes.AddRange(bytes);
        return range;
    }

    public SafeFileHandle? Take(string name) => null;

    public byte[] Read(ByteRange range) => [.. _bytes.GetRange((int)range.Offset, range.Length)];
}
