using System.Runtime.InteropServices;
using System.Text;

using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Interop.Xen;

/// <summary>One connection to xenstore. Memory of the library is freed here: above are only strings.</summary>
/// <remarks>Relative paths are below the own domain's home. Values of guests are untrusted text of any length.</remarks>
internal sealed unsafe class XenStoreConnection : IDisposable
{
    /// <summary>Not inside a transaction (XBT_NULL).</summary>
    public const uint NoTransaction = 0;

    private readonly XenStoreHandle _handle;

    private XenStoreConnection(XenStoreHandle handle)
    {
        _handle = handle;
        int fd = SysResult.From(XenStore.xs_fileno(handle)).OrThrow(nameof(XenStore.xs_fileno));
        FileDescriptor = new SafeFileHandle(fd, ownsHandle: false);
    }

    /// <summary>Readable while watch events wait. Belongs to the connection.</summary>
    public SafeFileHandle FileDescriptor { get; }

    /// <summary>Requests so far. Each is a round trip to xenstored, which serves all of the machine in turn.</summary>
    public ulong Requests { get; private set; }

    /// <exception cref="ErrnoException">No xenstore, or no right to it.</exception>
    public static XenStoreConnection Open()
    {
        XenStoreHandle handle = XenStoreHandle.Open();
        try
        {
            return new XenStoreConnection(handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads a node.</summary>
    /// <param name="path">Absolute, or relative to the own home.</param>
    /// <param name="value">Null when it was not read; bytes that are not UTF-8 come out as U+FFFD.</param>
    /// <param name="transaction">From <see cref="Begin"/>.</param>
    public Errno Read(string path, out string? value, uint transaction = NoTransaction)
    {
        uint length = 0;
        Requests++;
        byte* memory = XenStore.xs_read(_handle, transaction, path, &length);
        if (memory is null)
        {
            value = null;
            return SysResult.LastError();
        }

        // SAFETY: the library gave `length` bytes, and they are ours to free.
        value = Encoding.UTF8.GetString(memory, checked((int)length));
        NativeMemory.Free(memory);
        return Errno.OK;
    }

    public Errno Write(string path, string value, uint transaction = NoTransaction)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);

        // SAFETY: pinned for the call, with its own length.
        fixed (byte* start = bytes)
        {
            return Result(XenStore.xs_write(_handle, transaction, path, start, (uint)bytes.Length));
        }
    }

    /// <summary>Removes a node and all below it.</summary>
    public Errno Remove(string path, uint transaction = NoTransaction)
        => Result(XenStore.xs_rm(_handle, transaction, path));

    /// <summary>The names of a node's children.</summary>
    public Errno List(string path, out string[] names, uint transaction = NoTransaction)
    {
        uint count = 0;
        Requests++;
        byte** memory = XenStore.xs_directory(_handle, transaction, path, &count);
        if (memory is null)
        {
            names = [];
            return SysResult.LastError();
        }

        // SAFETY: `count` pointers to zero-terminated names, all in the one piece that is freed here.
        names = new string[count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Marshal.PtrToStringUTF8((nint)memory[i]) ?? "";
        }

        NativeMemory.Free(memory);
        return Errno.OK;
    }

    /// <summary>Whose node it is: the domain that has all rights to it.</summary>
    public Errno GetOwner(string path, out uint domid, uint transaction = NoTransaction)
    {
        uint count = 0;
        Requests++;
        xs_permissions* memory = XenStore.xs_get_permissions(_handle, transaction, path, &count);
        if (memory is null)
        {
            domid = 0;
            return SysResult.LastError();
        }

        // SAFETY: the library gave `count` entries, the first of which names the owner; they are ours to free.
        bool named = count > 0;
        domid = named ? memory[0].id : 0;
        NativeMemory.Free(memory);
        return named ? Errno.OK : Errno.EIO;
    }

    /// <summary>Gives a node to an owner, who has all rights, and others theirs (XS_PERM_*).</summary>
    public Errno SetPermissions(string path, ReadOnlySpan<xs_permissions> permissions, uint transaction = NoTransaction)
    {
        // SAFETY: pinned for the call, with its own count.
        fixed (xs_permissions* start = permissions)
        {
            return Result(XenStore.xs_set_permissions(_handle, transaction, path, start, (uint)permissions.Length));
        }
    }

    /// <summary>Watches a node and all below it; the first event comes at once, whether it exists or not.</summary>
    public Errno Watch(string path, string token) => Result(XenStore.xs_watch(_handle, path, token));

    public Errno Unwatch(string path, string token) => Result(XenStore.xs_unwatch(_handle, path, token));

    /// <summary>Takes the next watch event; EAGAIN when none waits. Never blocks.</summary>
    public Errno TryReadWatch(out string? path, out string? token)
    {
        byte** memory = XenStore.xs_check_watch(_handle);
        if (memory is null)
        {
            path = token = null;
            return SysResult.LastError();
        }

        // SAFETY: two zero-terminated texts, path and token (enum xs_watch_type), in one piece.
        path = Marshal.PtrToStringUTF8((nint)memory[0]);
        token = Marshal.PtrToStringUTF8((nint)memory[1]);
        NativeMemory.Free(memory);
        return Errno.OK;
    }

    public Errno Begin(out uint transaction)
    {
        Requests++;
        transaction = XenStore.xs_transaction_start(_handle);
        return transaction != NoTransaction ? Errno.OK : SysResult.LastError();
    }

    /// <returns>EAGAIN when somebody else changed what the transaction saw: do it all again.</returns>
    public Errno Commit(uint transaction) => Result(XenStore.xs_transaction_end(_handle, transaction, abort: 0));

    public Errno Abort(uint transaction) => Result(XenStore.xs_transaction_end(_handle, transaction, abort: 1));

    public void Dispose() => _handle.Dispose();

    private Errno Result(byte succeeded)
    {
        Requests++;
        return succeeded != 0 ? Errno.OK : SysResult.LastError();
    }
}
