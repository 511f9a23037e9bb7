namespace XcsSharp.Xen;

/// <summary>Nodes of xenstore that this adapter knows.</summary>
internal static class StorePaths
{
    /// <summary>Fires when a domain was introduced to xenstore.</summary>
    public const string Introduced = "@introduceDomain";

    /// <summary>Fires when a domain has shut down or is gone.</summary>
    public const string Released = "@releaseDomain";

    /// <summary>A child named after the domid holds the guest's port of a classic channel.</summary>
    public const string Classic = "/tool/xcs/classic";
}
