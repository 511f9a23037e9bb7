using XcsSharp.Protocol;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>Where a console's input goes: a control channel, or a console ring.</summary>
internal interface IInputSink
{
    /// <summary>Bytes that one source sends when it has its turn.</summary>
    int MostAtOnce { get; }

    /// <returns>How many bytes were taken. When less than all, <see cref="ConsoleInput.OnRoom"/> follows.</returns>
    int Send(ReadOnlySpan<byte> data);
}

/// <summary>Input as requests of a control channel; one is taken whole or not at all.</summary>
internal sealed class ChannelSink(ISubscriber sender, ControlChannel channel) : IInputSink
{
    public int MostAtOnce => ProtocolLimits.MaxPayload;

    public int Send(ReadOnlySpan<byte> data)
    {
        ControlMessage request = ControlMessage.Create(
            MessageType.Console, ConsoleInput.DataSubtype, ConsoleInput.RequestId, data);
        return channel.TrySendRequest(sender, request) ? data.Length : 0;
    }
}

/// <summary>Input as bytes in a console ring.</summary>
internal sealed class StreamSink(ConsoleStream stream) : IInputSink
{
    /// <summary>A quarter of the ring, so that who types is never more than a few turns behind who pastes.</summary>
    public int MostAtOnce => 256;

    public int Send(ReadOnlySpan<byte> data) => stream.Put(data);
}
