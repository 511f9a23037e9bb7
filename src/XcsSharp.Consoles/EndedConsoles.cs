using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// Consoles that are gone, most of them with their domain, and whose output can still be read: for <see cref="ConsoleOptions.KeepAfterEnd"/>, and the last
/// <see cref="Most"/> of them.
/// </summary>
/// <remarks>Of a console that ends again and again in one life of its domain the last one, which is all that can be asked for, and those that somebody reads.</remarks>
internal sealed class EndedConsoles : IDisposable
{
    /// <summary>What they take beside their output, which the budget of histories bounds, stays under a few MiB.</summary>
    internal const int Most = 1024;

    private readonly EventLoop _loop;
    private readonly TimeSpan _keep;
    private readonly LoopTimer _expiry;
    private readonly LinkedList<(GuestConsole Console, long EndedAt)> _consoles = new();
    private readonly Dictionary<ConsoleId, LinkedListNode<(GuestConsole Console, long EndedAt)>> _last = [];

    internal EndedConsoles(EventLoop loop, TimeSpan keep)
    {
        _loop = loop;
        _keep = keep;
        _expiry = loop.CreateTimer(ForgetOld);
    }

    internal int Count => _consoles.Count;

    internal void Add(GuestConsole console)
    {
        if (_last.TryGetValue(console.Id, out LinkedListNode<(GuestConsole Console, long EndedAt)>? before) && !before.Value.Console.IsReadAsLog)
        {
            Forget(before);
        }

        _last[console.Id] = _consoles.AddLast((console, _loop.Clock.GetTimestamp()));
        ForgetOld();
    }

    /// <summary>The one that ended last.</summary>
    /// <param name="domain">The name that its domain had at the end, or in digits its id.</param>
    /// <param name="number">Null: the one that the domain's name alone meant.</param>
    internal GuestConsole? Find(string domain, int? number)
    {
        bool hasId = uint.TryParse(domain, System.Globalization.NumberStyles.None, null, out uint domid);
        GuestConsole? byName = null;
        GuestConsole? byId = null;
        foreach ((GuestConsole console, _) in _consoles)
        {
            if (number is int given ? console.Id.Number == given : console.Suffix.Length == 0)
            {
                byName = console.Domain.Name == domain ? console : byName;
                byId = hasId && console.Domain.Domid == domid ? console : byId;
            }
        }

        return byId ?? byName;
    }

    public void Dispose() => _expiry.Cancel();

    private void ForgetOld()
    {
        while (_consoles.First is { } oldest)
        {
            TimeSpan left = _keep - _loop.Clock.GetElapsedTime(oldest.Value.EndedAt);
            if (_consoles.Count <= Most && left > TimeSpan.Zero)
            {
                _expiry.Schedule(left);
                return;
            }

            Forget(oldest);
        }
    }

    private void Forget(LinkedListNode<(GuestConsole Console, long EndedAt)> node)
    {
        GuestConsole console = node.Value.Console;
        _consoles.Remove(node);
        if (_last.GetValueOrDefault(console.Id) == node)
        {
            _ = _last.Remove(console.Id);
        }

        console.Forget();
    }
}
