namespace XcsSharp.Consoles;

/// <summary>
/// The bytes of documents that their askers have not taken. Who asks and does not read holds no more than a share of them, so that the others get theirs;
/// root has no share, as with connections.
/// </summary>
/// <remarks>Full is what has reached its limit: the last document goes beyond it, whatever its size, or one larger than the limit could be read by nobody.</remarks>
internal sealed class DocumentBudget
{
    internal const long MostBytes = 64 << 20;
    internal const long MostBytesOfUser = MostBytes / 4;
    private const uint Root = 0;

    private readonly Dictionary<uint, long> _byUser = [];

    /// <summary>Bytes that are held now.</summary>
    internal long Held { get; private set; }

    /// <summary>Whether a user may have one more.</summary>
    /// <returns>Null when it may; otherwise why not, with the remedy.</returns>
    internal string? Refuse(uint uid)
    {
        if (Held >= MostBytes)
        {
            return $"documents of {Held >> 20} MiB wait for their readers already; ask again when some are read, or in a minute";
        }

        long held = _byUser.GetValueOrDefault(uid);
        return uid != Root && held >= MostBytesOfUser
            ? $"your user (uid {uid}) has asked for documents of {held >> 20} MiB and not read them; read or close some, or ask again in a minute"
            : null;
    }

    internal void Take(uint uid, long bytes)
    {
        Held += bytes;
        _byUser[uid] = _byUser.GetValueOrDefault(uid) + bytes;
    }

    internal void GiveBack(uint uid, long bytes)
    {
        Held -= bytes;
        if ((_byUser[uid] -= bytes) == 0)
        {
            // Users come and go; nothing is kept of who has none.
            _ = _byUser.Remove(uid);
        }
    }
}
