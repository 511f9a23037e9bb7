using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;

namespace XcsSharp.Xen;

/// <summary>
/// The key <c>tty</c> of a console, where <c>xl console</c> and libvirt look for its terminal. Root opens what it names, so
/// the node is made dom0's own and readable by the guest, whoever owns the directory around it.
/// </summary>
/// <param name="store">xenstore.</param>
/// <param name="console">Whose terminal.</param>
/// <param name="directory">The console's directory; its key <c>port</c> is there as long as the console is.</param>
/// <param name="log">For what could not be written.</param>
internal sealed class TerminalKey(XenStoreConnection store, XenConsole console, string directory, ILogger log)
{
    /// <summary>A guest that changes it in a loop does not keep us writing, however often its driver begins anew.</summary>
    private const int MaxRestores = 5;

    private readonly string _path = directory + "/tty";
    private string? _published;

    private XenDomain Domain => console.Domain;

    /// <summary>Writes the key, or removes it if it still has what was written. Nothing is made of a domain that is gone.</summary>
    public void Publish(string? device)
    {
        if (device == _published)
        {
            return;
        }

        Errno error = Domain.IsGone ? Errno.ENOENT
            : store.InTransaction(transaction => device is null ? Remove(transaction) : Put(device, transaction));
        if (error == Errno.OK && device is not null)
        {
            error = Check(device);
        }

        _published = error == Errno.OK ? device : null;
        if (error is not (Errno.OK or Errno.ENOENT))
        {
            log.NoTerminalKey(Domain, _path, error);
        }
    }

    /// <summary>The guest may have changed the key, where the directory is its own: it is put right, a few times.</summary>
    public void Restore()
    {
        if (_published is not { } device || Domain.IsGone || Check(device) == Errno.OK)
        {
            return;
        }

        _published = null;
        if (console.TerminalRestores > MaxRestores)
        {
            return;
        }

        bool again = console.TerminalRestores++ < MaxRestores;
        log.TerminalKeyChanged(Domain, _path, again ? "written again" : "left alone from now on");
        if (again)
        {
            Publish(device);
        }
    }

    private Errno Put(string device, uint transaction)
    {
        // A write makes all the directories above: it must not bring a dead domain's back.
        Errno error = store.Read(directory + "/port", out _, transaction);
        return error != Errno.OK
            ? error
            : store.WriteOwned(_path, device, owner: 0, reader: Domain.Domid, transaction);
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
