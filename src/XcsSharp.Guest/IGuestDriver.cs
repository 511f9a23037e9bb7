using XcsSharp.Protocol;

namespace XcsSharp.Guest;

/// <summary>
/// What uses a control channel, as the console or a block front end did in a guest of 2005. All calls come on the loop's
/// thread; the channel may be used, and disposed, inside them.
/// </summary>
public interface IGuestDriver
{
    /// <summary>A request of the controller.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="request">Valid during the call.</param>
    /// <param name="response">Preset to the answer of length 0, which says that nobody here understands the type.</param>
    void OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response);

    /// <summary>The answer to a request of ours, already checked against what was sent.</summary>
    void OnResponse(GuestChannel channel, in ControlMessage response);

    /// <summary>Slots have become free: what waited can be sent.</summary>
    void OnRoom(GuestChannel channel);

    /// <summary>The channel is of no more use: the controller's indexes are impossible. Called once.</summary>
    void OnLost(GuestChannel channel, string reason);
}
