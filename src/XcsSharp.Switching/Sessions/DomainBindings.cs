namespace XcsSharp.Switching;

/// <summary>
/// What an extended session bound by domain: while the domain has a channel it is a binding of that channel's port, and
/// it ends with the domain, so that a successor of the same domid is not taken for it.
/// </summary>
internal sealed class DomainBindings(ControlSwitch controlSwitch, ISubscriber owner, int limit)
{
    private readonly HashSet<(GuestDomain Domain, ushort Type)> _wanted = [];

    /// <summary>Bindings that exist for this alone, and not because the client bound the port too.</summary>
    private readonly HashSet<(int Port, ushort Type)> _made = [];

    /// <returns>False when the session has too many.</returns>
    public bool TryAdd(GuestDomain domain, ushort type)
    {
        if (_wanted.Contains((domain, type)))
        {
            return true;
        }

        if (_wanted.Count >= limit || (OpenPort(domain) is { } port && !TryMake(port, type)))
        {
            return false;
        }

        _wanted.Add((domain, type));
        return true;
    }

    /// <summary>Without effect if there is no such binding.</summary>
    public void Remove(GuestDomain domain, ushort type)
    {
        if (_wanted.Remove((domain, type)) && OpenPort(domain) is { } port)
        {
            Unmake(port, type);
        }
    }

    public void OnChannelOpened(ControlChannel channel)
    {
        foreach ((GuestDomain domain, ushort type) in _wanted)
        {
            if (domain == channel.Domain)
            {
                TryMake(channel.LocalPort, type);
            }
        }
    }

    /// <summary>The port is anybody's from now on.</summary>
    public void OnChannelClosed(ControlChannel channel)
    {
        foreach ((GuestDomain domain, ushort type) in _wanted)
        {
            if (domain == channel.Domain)
            {
                Unmake(channel.LocalPort, type);
            }
        }
    }

    public void OnDomainGone(GuestDomain gone) => _wanted.RemoveWhere(wanted => wanted.Domain == gone);

    /// <summary>The client binds the port itself: that stays when the domain's binding goes.</summary>
    public void OnBoundByPort(int port, ushort type) => _made.Remove((port, type));

    private static int? OpenPort(GuestDomain domain)
        => domain.Channel is { State: ChannelState.Open } channel ? channel.LocalPort : null;

    private bool TryMake(int port, ushort type)
    {
        if (controlSwitch.IsBound(owner, port, type))
        {
            return true;
        }

        bool isBound = controlSwitch.Bind(owner, port, type);
        if (isBound)
        {
            _made.Add((port, type));
        }

        return isBound;
    }

    private void Unmake(int port, ushort type)
    {
        if (_made.Remove((port, type)))
        {
            controlSwitch.Unbind(owner, port, type);
        }
    }
}
