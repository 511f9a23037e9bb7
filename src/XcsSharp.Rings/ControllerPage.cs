namespace XcsSharp.Rings;

/// <summary>
/// A guest's control page as the controller in dom0 sees it. Owns the mapping: disposing unmaps it, and the rings
/// must not be used after that.
/// </summary>
public sealed class ControllerPage : IDisposable
{
    private readonly MappedPage _page;

    /// <summary>
    /// Attaches to a page that may be in use: requests that were not answered are taken again. Nothing is written.
    /// </summary>
    /// <param name="page">Owned from here on, also when the attach throws.</param>
    public ControllerPage(MappedPage page)
    {
        _page = page;
        Header = new GrantedHeader(page);
        Transmit = new BackRing(new RingMemory(page, ControlPageLayout.Transmit));
        Receive = new FrontRing(new RingMemory(page, ControlPageLayout.Receive));
    }

    /// <summary>The guest's requests and our answers.</summary>
    public BackRing Transmit { get; }

    /// <summary>Our requests and the guest's answers.</summary>
    public FrontRing Receive { get; }

    /// <summary>Only meaningful on a granted page; a classic one has Xen's shared_info there.</summary>
    public GrantedHeader Header { get; }

    public void Dispose() => _page.Dispose();
}
