using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;

namespace XcsSharp.Xen;

/// <summary>
/// The key <c>tty</c> of a console, where <c>xl console</c> and libvirt look for its terminal. Root opens what it names, so
/// the node is made dom0's own and readable by the guest, whoever owns the directory around it.
/// </summary>
/// <param name="store">xenstore.</param>
/// <param name="domain">Whose console.</param>
/// <param name="directory">The console's directory; its key <c>port</c> is there as long as the console is.</param>
/// <param name="log">For what could not be written.</param>
internal sealed class TerminalKey(XenStoreConnection store, XenDomain domain, string directory, ILogger log)
{
    private const int Tries = 8;

    private readonly string _path = directory + "/tty";
    private string? _published;

    /// <summary>Writes the key, or removes it if it still has what was written. Nothing is made of a domain that is gone.</summary>
    public void Publish(string? device)
    {
        if (device == _published)
        {
            return;
        }

        Errno error = domain.IsGone ? Errno.ENOENT : InTransaction(device);
        if (error == Errno.OK && device is not null)
        {
            error = Check(device);
        }

        _published = error == Errno.OK ? device : null;
        if (error is not (Errno.OK or Errno.ENOENT))
        {
            log.NoTerminalKey(domain, _path, error);
        }
    }

    private Errno InTransaction(string? device)
    {
        Errno error = Errno.EAGAIN;
        for (int i = 0; i < Tries && error == Errno.EAGAIN; i++)
        {
            error = store.Begin(out uint transaction);
            if (error != Errno.OK)
            {
                return error;
            }

            error = device is null ? Remove(transaction) : Put(device, transaction);
            if (error == Errno.OK)
            {
                error = store.Commit(transaction);
            }
            else
            {
                _ = store.Abort(transaction);
            }
        }

        return error;
    }

    private Errno Put(string device, uint transaction)
    {
        // A write makes all the directories above: it must not bring a dead domain's back.
        Errno error = store.Read(directory + "/port", out _, transaction);
        if (error != Errno.OK)
        {
            return error;
        }

        error = store.Write(_path, device, transaction);
        if (error != Errno.OK)
        {
            return error;
        }

        ReadOnlySpan<xs_permissions> permissions =
        [
            new() { id = 0, perms = XenStore.XS_PERM_NONE },
            new() { id = domain.Domid, perms = XenStore.XS_PERM_READ },
        ];
        return store.SetPermissions(_path, permissions, transaction);
    }

    private Errno Remove(uint transaction)
    {
        Errno error = store.Read(_path, out string? text, transaction);
        return error != Errno.OK ? error

            // Somebody else's by now: leave it.
            : text != _published ? Errno.ENOENT
            : store.Remove(_path, transaction);
    }

    /// <summary>The guest may own the directory and have put a node of its own there meanwhile.</summary>
    private Errno Check(string device)
    {
        Errno error = store.Read(_path, out string? text);
        if (error == Errno.OK)
        {
            error = store.GetOwner(_path, out uint owner);
            return error != Errno.OK ? error : owner == 0 && text == device ? Errno.OK : Errno.EPERM;
        }

        return error;
    }
}
