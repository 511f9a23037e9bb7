using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Consoles;

/// <summary>Takes what one daemon leaves for the next.</summary>
public interface IHandoverSink
{
    /// <summary>A connection that the next one goes on with.</summary>
    /// <returns>False: there is no room for it. It was not taken.</returns>
    bool TryLeave(string name, Func<SafeFileHandle> descriptor);

    /// <summary>Bytes.</summary>
    ByteRange Put(ReadOnlySpan<byte> bytes);
}

/// <summary>Gives what the daemon before has left.</summary>
public interface IHandoverSource
{
    /// <summary>A connection, once; null when it did not come along.</summary>
    SafeFileHandle? Take(string name);

    /// <summary>Bytes.</summary>
    byte[] Read(ByteRange range);
}
