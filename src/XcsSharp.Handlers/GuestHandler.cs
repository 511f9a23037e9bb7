using XcsSharp.Protocol;
using XcsSharp.Switching;

namespace XcsSharp.Handlers;

/// <summary>
/// A handler inside the daemon: a subscriber like any other, with nothing to do until a method is overridden. See
/// <c>README.md</c> beside this file.
/// </summary>
/// <remarks>
/// Loop thread only; an exception is a bug of ours and ends the daemon. Whatever it keeps of a guest is keyed by
/// <see cref="GuestDomain"/>, one life of a domid, and goes in <see cref="OnDomainGone"/>.
/// </remarks>
public abstract class GuestHandler(HandlerContext context) : ISubscriber, IDisposable
{
    public abstract string Name { get; }

    protected HandlerContext Context { get; } = context;

    /// <summary>Begins. Attached first, so that what exists is known; a handler that takes guests' requests binds here.</summary>
    public virtual void Start() => Context.Switch.Attach(this);

    /// <summary>Answers a request on the console socket, now or later.</summary>
    /// <param name="word">One of its <see cref="HandlerRegistration.Words"/>.</param>
    /// <param name="exchange">The request's arguments, and its answer.</param>
    public virtual void OnOperator(string word, IOperatorExchange exchange)
        => throw new NotSupportedException($"{Name} has no word {word}");

    public virtual void OnDomainAppeared(GuestDomain domain)
    {
    }

    public virtual void OnDomainGone(GuestDomain domain)
    {
    }

    public virtual void OnChannelOpened(ControlChannel channel)
    {
    }

    public virtual void OnChannelClosed(ControlChannel channel, string reason)
    {
    }

    /// <inheritdoc/>
    /// <remarks>Comes only of types that were bound. Answered with nothing, as a guest answers what it does not know.</remarks>
    public virtual void OnRequest(ControlChannel channel, in ControlMessage request, RequestTicket ticket)
        => _ = channel.Answer(this, ticket, ControlMessage.EmptyAnswerTo(request));

    public virtual void OnResponse(ControlChannel channel, in ControlMessage response)
    {
    }

    public virtual void OnNoAnswer(ControlChannel channel, in SentRequest request)
    {
    }

    public virtual void OnVirq(int port)
    {
    }

    public virtual void OnRequestRoom(ControlChannel channel)
    {
    }

    /// <summary>Ends. What it owed an answer to is offered to others.</summary>
    public void Dispose()
    {
        OnEnding();
        Context.Switch.Detach(this);
        GC.SuppressFinalize(this);
    }

    /// <summary>It is about to be detached: who still waits for something is told so here.</summary>
    protected virtual void OnEnding()
    {
    }
}
