using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <content>Write locks (<c>XCS_MSG_WRITELOCK</c>).</content>
public sealed partial class ControlSwitch
{
    /// <summary>
    /// Makes one client the only one whose answers and requests of this type reach the guest, among those requests that it is
    /// given itself. Ends with <see cref="Unlock"/>, with its detaching, and with the channel. The same lock twice is one.
    /// </summary>
    /// <param name="client">Attached.</param>
    /// <param name="port">dom0's port of an open channel.</param>
    /// <param name="type">One type; there are no wildcards.</param>
    /// <returns>
    /// False when another client holds it, there is no such channel, or a handler of the daemon answers these messages: no
    /// client may make a guest wait for what the daemon does at once.
    /// </returns>
    public bool TryLock(ISubscriber client, int port, MessageType type)
        => _channelsByPort.TryGetValue(port, out ControlChannel? channel)
            && Array.TrueForAll(_router.Resolve(port, (byte)type), static subscriber => subscriber.IsClient)
            && channel.TryLock(client, type);

    /// <summary>Without effect when the client does not hold it.</summary>
    public void Unlock(ISubscriber client, int port, MessageType type)
        => _channelsByPort.GetValueOrDefault(port)?.Unlock(client, type);
}
