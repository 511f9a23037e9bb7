namespace XcsSharp.Switching;

/// <summary>Who hears of domains and their control pages. Called on the loop thread.</summary>
public interface IHypervisorSink
{
    /// <summary>A domain exists. Said again for a living one, it gives a better name.</summary>
    void OnDomainAppeared(uint domid, string name, Guid uuid);

    /// <summary>The life is over; the next report of the same domid is another one.</summary>
    void OnDomainGone(uint domid);

    /// <summary>
    /// A granted page became ready, or the toolstack announced a classic one. Takes the place of the domain's channel
    /// of before, if there is one.
    /// </summary>
    /// <param name="domid">A domain that was reported.</param>
    /// <param name="transport">Owned by the sink from here on; not started.</param>
    void OnTransportOffered(uint domid, IChannelTransport transport);

    /// <summary>The program behind a granted page is gone; the domain may live on.</summary>
    void OnTransportWithdrawn(uint domid, string reason);

    /// <summary>
    /// What the guest has published can not be served, and why; until a page of it is offered. Said once for each reason.
    /// </summary>
    void OnTransportRefused(uint domid, string problem);

    /// <summary>
    /// A console of the guest is mapped and bound. Takes the place of the domain's console of this number, if there is one.
    /// </summary>
    /// <param name="domid">A domain that was reported.</param>
    /// <param name="console">Owned by the sink from here on; not started.</param>
    void OnConsoleOffered(uint domid, IConsoleTransport console);

    /// <summary>
    /// A console can not be served as it is described now, and why; until it is offered. Said once for each reason. Null: it is
    /// well again, or there is no such console any more.
    /// </summary>
    void OnConsoleRefused(uint domid, int number, string? problem);

    /// <summary>The console is gone; the domain may live on.</summary>
    void OnConsoleWithdrawn(uint domid, int number, string reason);
}
