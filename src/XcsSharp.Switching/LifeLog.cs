using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Switching;

/// <summary>
/// What the log says of channels and consoles that come, go and are put aside: at a pace, because a guest can publish another and lie in it as often as it
/// likes.
/// </summary>
internal sealed class LifeLog(EventLoop loop, ILogger log) : IDisposable
{
    /// <summary>A domain with all consoles that one can have has eleven lines when they come, and eighteen when nine drivers are loaded again.</summary>
    private const int MostSaid = 20;

    private readonly DomainLinePace _pace = new(loop, MostSaid);

    public void ChannelOpened(ControlChannel channel)
    {
        if (MaySay(channel.Domain, "channel opened"))
        {
            log.ChannelOpened(channel.Domain, channel.Kind, channel.LocalPort, channel.RemotePort);
        }
    }

    public void ChannelClosed(GuestDomain domain, string reason)
    {
        if (MaySay(domain, $"channel closed, {reason}"))
        {
            log.ChannelClosed(domain, reason);
        }
    }

    public void ChannelPutAside(ControlChannel channel, string problem)
    {
        if (MaySay(channel.Domain, $"channel put aside, {problem}"))
        {
            log.ChannelQuarantined(channel.Domain, channel.LocalPort, problem);
        }
    }

    public void ConsoleOpened(ConsoleStream stream)
    {
        if (MaySay(stream.Domain, $"console {stream.Number} opened"))
        {
            log.ConsoleOpened(stream.Domain, stream.Number, stream.LocalPort, stream.RemotePort);
        }
    }

    public void ConsoleClosed(ConsoleStream stream, string reason)
    {
        if (MaySay(stream.Domain, $"console {stream.Number} closed, {reason}"))
        {
            log.ConsoleClosed(stream.Domain, stream.Number, reason);
        }
    }

    public void ConsolePutAside(ConsoleStream stream, string problem)
    {
        if (MaySay(stream.Domain, $"console {stream.Number} put aside, {problem}"))
        {
            log.ConsoleQuarantined(stream.Domain, stream.Number, stream.LocalPort, problem);
        }
    }

    /// <summary>The domain or the daemon ends: what it closes now is no guest's doing.</summary>
    public void OnEnding(GuestDomain domain)
    {
        if (domain.Lines is { } lines)
        {
            _pace.Finish(lines);
        }
    }

    public void Dispose() => _pace.Dispose();

    private bool MaySay(GuestDomain domain, string what)
        => _pace.MaySay(domain.Lines ??= new PacedLines((count, last) => log.MoreLives(domain, count, last)), what);
}
