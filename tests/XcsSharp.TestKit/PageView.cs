using XcsSharp.Rings;

namespace XcsSharp.TestKit;

/// <summary>
/// A second view of a page that somebody else owns: what dom0's mapping of a guest's page is. Lets both ends of a
/// ring work on one memory inside a test. Disposing it leaves the page alone.
/// </summary>
public sealed class PageView : MappedPage
{
    private readonly MappedPage _owner;

    public PageView(MappedPage owner)
    {
        _owner = owner;
        bool added = false;
        owner.DangerousAddRef(ref added);
        SetHandle(owner.DangerousGetHandle());
    }

    protected override bool ReleaseHandle()
    {
        _owner.DangerousRelease();
        return true;
    }
}
