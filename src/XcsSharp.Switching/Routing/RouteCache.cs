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

    private readonly ISubscriber[]?[]?[] _lists = new ISubscriber[Width][][];
    private ulong _version;

    public RouteCache()
    {
    }

    public ISubscriber[] Find(MessageRouter router, int port, MessageType type)
    {
        if (_version != router.Version)
        {
            Array.Clear(_lists);
            _version = router.Version;
        }

        ref ISubscriber[]?[]? row = ref _lists[(byte)type / Width];
        row ??= new ISubscriber[Width][];
        ref ISubscriber[]? list = ref row[(byte)type % Width];
        return list ??= router.Resolve(port, (byte)type);
    }
}
