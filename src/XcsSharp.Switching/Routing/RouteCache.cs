using XcsSharp.Protocol;

namespace XcsSharp.Switching;

/// <summary>
/// One channel's memory of who gets which type, so that a message costs neither a look-up nor an allocation. Void as
/// soon as any binding changes.
/// </summary>
/// <remarks>
/// Two levels of 16, because a guest uses a dozen types and could name 256: memory comes as they are used, and
/// no choice of types makes it grow further. A mutable struct: keep it in a field, never copy it.
/// </remarks>
internal struct RouteCache
{
    private const int Width = 16;

    private ISubscriber[]?[]?[]? _lists;
    private ulong _version;

    public ISubscriber[] Find(MessageRouter router, int port, MessageType type)
    {
        if (_lists is null || _version != router.Version)
        {
            Void(router.Version);
        }

        // Read by value: a reference to an element of such an array costs a check of its type.
        return _lists![(byte)type / Width]?[(byte)type % Width] ?? Resolve(router, port, type);
    }

    private void Void(ulong version)
    {
        _version = version;
        if (_lists is null)
        {
            // With the first message: of a thousand guests most send none for days.
            _lists = new ISubscriber[Width][][];
        }
        else
        {
            Array.Clear(_lists);
        }
    }

    private ISubscriber[] Resolve(MessageRouter router, int port, MessageType type)
    {
        ISubscriber[]?[] row = _lists![(byte)type / Width] ??= new ISubscriber[Width][];
        return row[(byte)type % Width] = router.Resolve(port, (byte)type);
    }
}
