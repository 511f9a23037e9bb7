using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// Lines of the log that users cause by coming and going: so many of each in ten seconds, because it costs them nothing to do it again, and then one that says how
/// many had none. A flooded log loses what matters.
/// </summary>
/// <remarks>Loop thread only. A timer runs only while something is owed.</remarks>
public sealed class UserLinePace : IDisposable
{
    /// <summary>Of one user in <see cref="Window"/>.</summary>
    public const int MostLines = 128;

    /// <summary>Users with a count of their own; more at once share one.</summary>
    public const int MostUsers = 256;

    /// <summary>How often lines are summed up.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    // No user has this number: -1 means "nobody" in the kernel's calls.
    private const uint Others = uint.MaxValue;

    private readonly EventLoop _loop;
    private readonly Action<string, int> _sumUp;
    private readonly LoopTimer _timer;
    private readonly Dictionary<uint, Share> _shares = [];

    /// <param name="loop">Whose clock and timer.</param>
    /// <param name="sumUp">Logs for whom how many lines were left out.</param>
    public UserLinePace(EventLoop loop, Action<string, int> sumUp)
    {
        _loop = loop;
        _sumUp = sumUp;
        _timer = loop.CreateTimer(SumUpDue);
    }

    /// <summary>A line is due that this user has caused.</summary>
    /// <returns>False: it is left out, and counted.</returns>
    public bool MaySay(uint uid)
    {
        Share share = ShareOf(uid);
        if (share.Said < MostLines)
        {
            share.Said++;
            return true;
        }

        share.LeftOut++;
        if (!_timer.IsScheduled)
        {
            _timer.Schedule(LeftOf(share));
        }

        return false;
    }

    /// <summary>Says what is owed.</summary>
    public void Dispose()
    {
        _timer.Cancel();
        foreach ((uint uid, Share share) in _shares)
        {
            Say(uid, share);
        }

        _shares.Clear();
    }

    private Share ShareOf(uint uid)
    {
        if (!_shares.ContainsKey(uid) && _shares.Count >= MostUsers)
        {
            RemoveOver();
            uid = _shares.Count < MostUsers ? uid : Others;
        }

        if (_shares.TryGetValue(uid, out Share? share) && LeftOf(share) == TimeSpan.Zero)
        {
            Say(uid, share);
            share = null;
        }

        return share ?? (_shares[uid] = new Share(_loop.Now));
    }

    private void SumUpDue()
    {
        RemoveOver();
        TimeSpan? next = null;
        foreach (Share share in _shares.Values)
        {
            if (share.LeftOut > 0 && (next is null || LeftOf(share) < next))
            {
                next = LeftOf(share);
            }
        }

        if (next is TimeSpan wait)
        {
            _timer.Schedule(wait);
        }
    }

    private void RemoveOver()
    {
        foreach ((uint uid, Share share) in _shares)
        {
            if (LeftOf(share) == TimeSpan.Zero)
            {
                Say(uid, share);
                _ = _shares.Remove(uid);
            }
        }
    }

    private void Say(uint uid, Share share)
    {
        if (share.LeftOut > 0)
        {
            _sumUp(uid == Others ? "other users" : $"uid {uid}", share.LeftOut);
        }
    }

    private TimeSpan LeftOf(Share share)
    {
        TimeSpan left = Window - _loop.Clock.GetElapsedTime(share.Since, _loop.Now);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private sealed class Share(long since)
    {
        public long Since { get; } = since;

        public int Said { get; set; }

        public int LeftOut { get; set; }
    }
}
