using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <content>Write locks: one client is the only one that is heard about a type of this channel.</content>
public sealed partial class ControlChannel
{
    private WriteLocks _locks;

    /// <returns>False when another client holds it, or the channel is not open.</returns>
    internal bool TryLock(ISubscriber client, MessageType type)
        => State == ChannelState.Open && _locks.TryTake(type, client);

    internal void Unlock(ISubscriber client, MessageType type) => _locks.Release(type, client);

    /// <summary>True when another client holds the write lock: a request of this type is not taken from this one.</summary>
    internal bool IsLockedAgainst(ISubscriber client, MessageType type)
        => _locks.Find(type) is { } holder && holder != client;

    /// <summary>
    /// Is this answer to be dropped? Only if the lock's holder was given the request too: otherwise nobody who is heard
    /// could answer it, and the guest would wait.
    /// </summary>
    private bool IsSilenced(ISubscriber who, int position)
    {
        if (_locks.Find(_owed.TypeAt(position)) is not { } holder
            || holder == who
            || !who.IsClient
            || !_owed.IsHeldBy(position, holder))
        {
            return false;
        }

        _owed.SetSilenced(position, holder);
        return true;
    }
}
