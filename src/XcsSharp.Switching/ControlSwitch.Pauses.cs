using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <content>Subscribers that take nothing for a while.</content>
public sealed partial class ControlSwitch
{
    /// <summary>
    /// The subscriber takes no messages until <see cref="Resume"/>; its bindings stay. What only it owed an answer to is
    /// offered to the others, and to it when it resumes in time. A session is so without a data connection.
    /// </summary>
    public void Suspend(ISubscriber subscriber)
    {
        if (_router.IsAttached(subscriber))
        {
            // Also when it was paused: what it kept then it gives back now.
            _router.SetSuspended(subscriber, true);
            foreach (ControlChannel channel in _channelsByPort.Values)
            {
                channel.ExpectNoAnswerOf(subscriber);
            }
        }
    }

    /// <summary>
    /// The subscriber takes no messages until <see cref="Resume"/>, and will still answer what it has: an extended session
    /// whose client is slow.
    /// </summary>
    public void Pause(ISubscriber subscriber)
    {
        if (_router.IsAttached(subscriber))
        {
            _router.SetSuspended(subscriber, true);
        }
    }

    /// <summary>Undoes <see cref="Suspend"/> and <see cref="Pause"/>.</summary>
    public void Resume(ISubscriber subscriber)
    {
        if (_router.IsAttached(subscriber) && _router.SetSuspended(subscriber, false))
        {
            OfferUnheldAgain(ProtocolLimits.PortWildcard);
        }
    }
}
