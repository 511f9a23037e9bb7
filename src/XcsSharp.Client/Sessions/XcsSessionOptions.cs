using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>What a session is to be.</summary>
public sealed record XcsSessionOptions
{
    /// <summary>The daemon's xcs socket.</summary>
    public string Path { get; init; } = XcsSession.DefaultPath;

    /// <summary>0 for a new session, or the <see cref="XcsSession.Id"/> of one that lost both its connections less than
    /// about ten seconds ago.</summary>
    public ulong SavedId { get; init; }

    /// <summary>What to ask for beyond the protocol of 2005; none asks for nothing. What is granted is in
    /// <see cref="XcsSession.Extensions"/>: none where the peer knows no extensions.</summary>
    public Extensions Extensions { get; init; } = Extensions.None;

    /// <summary>With <see cref="Extensions.Credit"/>: records that the daemon may send before we have taken any, 1 to
    /// 1,000,000. Receiving gives half of it back at a time.</summary>
    public int Credit { get; init; } = 1024;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Credit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Credit, 1_000_000);
        if ((Extensions & ~Extensions.All) != 0)
        {
            throw new ArgumentException($"{Extensions}: this library knows {Extensions.All} only");
        }
    }
}
