namespace XcsSharp.Rings;

/// <summary>
/// A control page as the guest itself sees it. Owns the mapping: disposing unmaps it, and the rings must not be
/// used after that.
/// </summary>
public sealed class GuestPage : IDisposable
{
    private readonly MappedPage _page;

    /// <param name="page">Owned from here on.</param>
    public GuestPage(MappedPage page)
    {
        _page = page;
        Header = new GrantedHeader(page);
        Transmit = new FrontRing(new RingMemory(page, ControlPageLayout.Transmit));
        Receive = new BackRing(new RingMemory(page, ControlPageLayout.Receive));
    }

    /// <summary>Our requests and the controller's answers.</summary>
    public FrontRing Transmit { get; }

    /// <summary>The controller's requests and our answers.</summary>
    public BackRing Receive { get; }

    public GrantedHeader Header { get; }

    /// <summary>Marks a fresh granted page as ours. Do this before its reference is made known.</summary>
    /// <param name="nonce">Random, not zero, and never used before by this domain.</param>
    public void WriteHeader(ulong nonce) => Header.Write(nonce);

    public void Dispose() => _page.Dispose();
}
