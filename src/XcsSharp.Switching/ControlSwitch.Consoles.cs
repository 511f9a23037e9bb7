namespace XcsSharp.Switching;

/// <content>The domains' consoles: offered by the hypervisor, taken by one subscriber.</content>
public sealed partial class ControlSwitch
{
    /// <summary>Makes known, before it returns, the consoles that exist; their output goes to the subscriber from now on.</summary>
    /// <exception cref="InvalidOperationException">There is a subscriber already.</exception>
    public void AttachConsoles(IConsoleSubscriber subscriber)
    {
        if (_context.Consoles is { } other)
        {
            throw new InvalidOperationException($"The {other.Name} has the consoles already.");
        }

        _context.Consoles = subscriber;
        foreach (GuestDomain domain in _domains.Values.ToArray())
        {
            foreach (ConsoleStream stream in domain.Consoles)
            {
                Open(stream);
            }
        }
    }

    /// <summary>The subscriber is not called any more. Output stays in the rings. Without effect if it is not attached.</summary>
    public void DetachConsoles(IConsoleSubscriber subscriber)
    {
        if (ReferenceEquals(_context.Consoles, subscriber))
        {
            _context.Consoles = null;
        }
    }

    public void OnConsoleOffered(uint domid, IConsoleTransport console)
    {
        if (!_domains.TryGetValue(domid, out GuestDomain? domain))
        {
            _log.ConsoleOfferForNobody(domid, console.Number);
            console.Dispose();
            return;
        }

        ConsoleStream stream = new(_context, domain, console);
        ConsoleStream? before = domain.FindConsole(stream.Number);
        before?.TakeLastOutput();
        domain.SetConsole(stream.Number, stream);
        domain.SetConsoleRefusal(stream.Number, null);
        before?.Close("it was made anew");
        if (NamesWhatComes)
        {
            _context.Lives.ConsoleOpened(stream);
        }

        Open(stream);
    }

    public void OnConsoleWithdrawn(uint domid, int number, string reason)
    {
        if (_domains.TryGetValue(domid, out GuestDomain? domain) && domain.FindConsole(number) is { } stream)
        {
            if (number > 0)
            {
                // It ends, and its terminal with it: what names that would soon name somebody else's.
                stream.PublishTerminal(null);
            }

            CloseConsole(stream, reason, lastLook: true);
        }
    }

    public void OnConsoleRefused(uint domid, int number, string? problem)
    {
        if (_domains.TryGetValue(domid, out GuestDomain? domain))
        {
            domain.SetConsoleRefusal(number, problem);
            if (problem is not null)
            {
                CountRefusal(domain);
            }
        }
    }

    private void Open(ConsoleStream stream)
    {
        // A quarantined one is not news: nothing can come of it.
        if (stream.State == ChannelState.Open && _context.Consoles is { } subscriber)
        {
            subscriber.OnConsoleOpened(stream);
            stream.Serve();
        }
    }

    private void CloseConsole(ConsoleStream stream, string reason, bool lastLook)
    {
        if (lastLook)
        {
            stream.TakeLastOutput();
        }

        stream.Domain.SetConsole(stream.Number, null);
        _context.Lives.ConsoleClosed(stream, reason);
        stream.Close(reason);
    }

    private void CloseConsoles(GuestDomain domain, string reason, bool lastLook)
    {
        foreach (ConsoleStream stream in domain.Consoles)
        {
            CloseConsole(stream, reason, lastLook);
        }
    }
}
