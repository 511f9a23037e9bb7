using Microsoft.Win32.SafeHandles;

using XcsSharp.Consoles;
using XcsSharp.Reactor;

namespace XcsSharp.Daemon.Handover;

/// <summary>The bytes and connections that go with the state, on their way to another daemon.</summary>
/// <param name="room">Connections that there may be.</param>
internal sealed class HandoverWriter(int room) : IHandoverSink
{
    private readonly SafeFileHandle _file = OpenDescriptors.MakeMemoryFile("xcsd-bytes");
    private readonly List<HandedDescriptor> _left = [];

    /// <summary>Connections that found no room.</summary>
    public int Refused { get; private set; }

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    /// <summary>The connections, and the file of the bytes.</summary>
    public IReadOnlyList<HandedDescriptor> Left => [.. _left, new HandedDescriptor(HandedDescriptors.BytesName, _file, IsStored: false)];

    public bool TryLeave(string name, Func<SafeFileHandle> descriptor)
    {
        if (_left.Count >= room)
        {
            Refused++;
            return false;
        }

        _left.Add(new HandedDescriptor(name, descriptor(), IsStored: false));
        return true;
    }

    public ByteRange Put(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, Length);
        ByteRange range = new(Length, bytes.Length);
        Length += bytes.Length;
        return range;
    }
}

/// <summary>The same, as they came from another daemon.</summary>
/// <param name="file">The bytes; null when they did not come along.</param>
/// <param name="connections">By their names.</param>
internal sealed class HandoverReader(SafeFileHandle? file, IReadOnlyList<HandedDescriptor> connections) : IHandoverSource, IDisposable
{
    private readonly Dictionary<string, SafeFileHandle> _connections = connections
        .DistinctBy(static one => one.Name)
        .ToDictionary(static one => one.Name, static one => one.Handle);

    /// <summary>Bytes that there are.</summary>
    public long Length => file is null ? 0 : RandomAccess.GetLength(file);

    public SafeFileHandle? Take(string name) => _connections.Remove(name, out SafeFileHandle? found) ? found : null;

    public byte[] Read(ByteRange range)
    {
        byte[] bytes = new byte[range.Length];
        int read = file is null ? 0 : RandomAccess.Read(file, bytes, range.Offset);
        return read == bytes.Length ? bytes : throw new InvalidOperationException("the file of bytes has changed since it was looked at");
    }

    /// <summary>Ends what nobody has asked for.</summary>
    public void Dispose()
    {
        file?.Dispose();
        foreach (SafeFileHandle left in _connections.Values)
        {
            left.Dispose();
        }

        _connections.Clear();
    }
}
