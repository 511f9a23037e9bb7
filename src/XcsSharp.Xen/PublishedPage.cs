using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Rings;

namespace XcsSharp.Xen;

/// <summary>
/// What a guest says of the control page it granted: the keys below <c>/local/domain/N/data/xcs</c>. All of it is the
/// guest's word.
/// </summary>
internal readonly record struct PublishedPage(ulong Nonce, uint Reference, int Port)
{
    private const string Version = "1";

    /// <summary>Reads <c>ready</c>, which is written last and removed first.</summary>
    /// <param name="store">xenstore.</param>
    /// <param name="path">The guest's directory.</param>
    /// <param name="nonce">Not 0 when there is a page.</param>
    /// <param name="problem">Null, or what is wrong with the key.</param>
    /// <returns>True when a well-formed nonce is there.</returns>
    public static bool TryReadNonce(XenStoreConnection store, string path, out ulong nonce, out string? problem)
    {
        nonce = 0;
        problem = null;
        Errno error = store.Read(path + "/ready", out string? text);
        if (error == Errno.ENOENT)
        {
            return false;
        }

        if (error != Errno.OK || text is null)
        {
            problem = $"its key ready can not be read ({error})";
        }
        else if (!GuestText.TryParseNumber(text, 1, ulong.MaxValue, out nonce))
        {
            problem = $"its key ready is '{GuestText.Shown(text)}' instead of a nonce";
        }

        return problem is null;
    }

    /// <summary>Reads the rest.</summary>
    public static bool TryRead(
        XenStoreConnection store, string path, ulong nonce, out PublishedPage page, out string? problem)
    {
        page = default;
        if (store.ReadNumber(path, "version", 0, uint.MaxValue, out ulong version, out problem) != Errno.OK)
        {
            return false;
        }

        if (version != GrantedHeader.CurrentVersion)
        {
            problem = $"its control page has version {version}, and only {Version} is known";
            return false;
        }

        if (store.ReadNumber(path, "ring-ref", 0, uint.MaxValue, out ulong reference, out problem) != Errno.OK
            || store.ReadNumber(path, "event-channel", 1, ProtocolLimits.MaxPorts - 1, out ulong port, out problem) != Errno.OK)
        {
            return false;
        }

        page = new PublishedPage(nonce, (uint)reference, (int)port);
        return true;
    }

    /// <summary>Compares the mapped page with the keys.</summary>
    /// <returns>Null when they agree, else what is wrong.</returns>
    public string? FindLie(GrantedHeader header)
    {
        if (header.Magic != GrantedHeader.ExpectedMagic)
        {
            return $"the page behind grant {Reference} is no control page";
        }

        uint version = header.Version;
        return version != GrantedHeader.CurrentVersion ? $"the header of its control page has version {version}"
            : header.Nonce != Nonce ? "the nonce in its control page is not the one in its key ready"
            : null;
    }
}
