using XcsSharp.Interop;
using XcsSharp.Interop.Xen;

namespace XcsSharp.Xen;

/// <summary>What is asked of xenstore in several places, in one way.</summary>
internal static class StoreRequests
{
    private const int Tries = 8;

    /// <summary>Does work that is seen by others whole or not at all.</summary>
    /// <param name="store">xenstore.</param>
    /// <param name="work">Gets the transaction; what it returns other than OK takes all of it back.</param>
    /// <returns>EAGAIN when somebody else changed the same nodes each time.</returns>
    public static Errno InTransaction(this XenStoreConnection store, Func<uint, Errno> work)
    {
        Errno error = Errno.EAGAIN;
        for (int i = 0; i < Tries && error == Errno.EAGAIN; i++)
        {
            error = store.Begin(out uint transaction);
            if (error != Errno.OK)
            {
                return error;
            }

            error = work(transaction);
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

    /// <summary>Makes a node that one domain owns and another may read.</summary>
    public static Errno WriteOwned(
        this XenStoreConnection store, string path, string value, uint owner, uint reader, uint transaction)
    {
        Errno error = store.Write(path, value, transaction);
        if (error != Errno.OK)
        {
            return error;
        }

        ReadOnlySpan<xs_permissions> permissions =
        [
            new() { id = owner, perms = XenStore.XS_PERM_NONE },
            new() { id = reader, perms = XenStore.XS_PERM_READ },
        ];
        return store.SetPermissions(path, permissions, transaction);
    }

    /// <summary>Reads a number that a guest may have written.</summary>
    /// <param name="store">xenstore.</param>
    /// <param name="directory">Where.</param>
    /// <param name="key">Which.</param>
    /// <param name="least">The least value that makes sense.</param>
    /// <param name="most">The greatest.</param>
    /// <param name="value">Within these bounds.</param>
    /// <param name="problem">Null, or what is wrong, fit for a log line.</param>
    /// <returns>EINVAL when it is something else than such a number.</returns>
    public static Errno ReadNumber(
        this XenStoreConnection store,
        string directory,
        string key,
        ulong least,
        ulong most,
        out ulong value,
        out string? problem)
    {
        value = 0;
        problem = null;
        Errno error = store.Read($"{directory}/{key}", out string? text);
        if (error != Errno.OK || text is null)
        {
            problem = error == Errno.ENOENT ? $"its key {key} is missing" : $"its key {key} can not be read ({error})";
        }
        else if (!GuestText.TryParseNumber(text, least, most, out value))
        {
            problem = $"its key {key} is '{GuestText.Shown(text)}' instead of a number from {least} to {most}";
            error = Errno.EINVAL;
        }

        return error;
    }
}
