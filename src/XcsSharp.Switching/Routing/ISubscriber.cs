using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// Who takes guests' messages. The console handler and a remote client's session are both no more than this:
/// nobody has another way in.
/// </summary>
/// <remarks>
/// All calls come on the loop thread. Every method may attach, detach, bind, answer and send; after its own detach
/// returned, a subscriber is not called any more. Messages are never delivered from inside a call that a subscriber
/// made to the switch; domains and channels that exist are, by <see cref="ControlSwitch.Attach"/>.
/// An exception is a bug of the daemon and ends it.
/// </remarks>
public interface ISubscriber
{
    /// <summary>For the log.</summary>
    string Name { get; }

    /// <summary>True for a client outside the daemon: only such a one can hold a write lock, or be silenced by one.</summary>
    bool IsClient => false;

    /// <summary>A domain exists, or a living one has another name now.</summary>
    void OnDomainAppeared(GuestDomain domain);

    /// <summary>The domain's channel, if it had one, was closed just before.</summary>
    void OnDomainGone(GuestDomain domain);

    void OnChannelOpened(ControlChannel channel);

    /// <summary>Closed or put aside: nothing more comes from this channel and nothing can be sent to it.</summary>
    void OnChannelClosed(ControlChannel channel, string reason);

    /// <summary>
    /// A guest's request. Sooner or later somebody should call <see cref="ControlChannel.Answer"/>, now or later:
    /// until then the request holds one of the guest's eight slots.
    /// </summary>
    /// <param name="channel">Where it came from.</param>
    /// <param name="request">A copy; the guest cannot change it any more. The length is 0..60.</param>
    /// <param name="ticket">Names the request in the answer.</param>
    void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket);

    /// <summary>A guest's response to a request that some subscriber sent.</summary>
    void OnResponse(ControlChannel channel, in ControlMessage response);

    /// <summary>
    /// The guest will not answer a request that this subscriber has sent under a number: it gave the slot back with something
    /// else. Not called when the channel is closed: <see cref="OnChannelClosed"/> then says it of all.
    /// </summary>
    void OnNoAnswer(ControlChannel channel, in SentRequest request)
    {
    }

    /// <summary>A virtual interrupt of dom0, by its port.</summary>
    void OnVirq(int port);

    /// <summary>After a refused <see cref="ControlChannel.TrySendRequest(ISubscriber, in ControlMessage)"/> there is room again.</summary>
    void OnRequestRoom(ControlChannel channel);
}
