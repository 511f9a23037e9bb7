using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>A small file of a fixed size that is memory, so that a process that is killed leaves in it what it had written.</summary>
/// <remarks>
/// What stands in its place is not trusted: a symbolic link is not followed, and what is no plain file of ours with this one name is refused. All of it
/// is allocated when it is opened, so a full file system is an error then and no signal later.
/// </remarks>
public sealed class SharedFile : IDisposable
{
    /// <summary>So much of what is there decides about the length.</summary>
    public const int HeadBytes = 64;

    private const uint OwnerOnly = 0x180; // 0600

    private readonly MappedFile _memory;
    private readonly string _path;

    private SharedFile(MappedFile memory, string path, bool isNew)
    {
        _memory = memory;
        _path = path;
        IsNew = isNew;
    }

    /// <summary>True when there was none of that size: its bytes are zero.</summary>
    public bool IsNew { get; }

    /// <summary>All of it. Not to be kept: valid until this is disposed.</summary>
    public Span<byte> Bytes => _memory.Bytes;

    /// <param name="path">Whose directory nobody else may write.</param>
    /// <param name="length">Its bytes. A file of another length is made anew.</param>
    /// <param name="keeps">Whether one of another length stays as it is, by its first <see cref="HeadBytes"/> and its length.</param>
    /// <exception cref="IOException">It can not be opened, or is not ours.</exception>
    public static SharedFile Open(string path, int length, Func<ReadOnlySpan<byte>, long, bool> keeps)
    {
        using SafeFileHandle file = Sys.Open(path, Libc.O_RDWR | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_NOCTTY | Libc.O_NONBLOCK, OwnerOnly);
        statx status = Sys.Status(file);
        if ((status.stx_mode & Libc.FileTypeMask) != Libc.FileTypeRegular || status.stx_nlink != 1 || status.stx_uid != Libc.geteuid())
        {
            throw new ErrnoException("open", Errno.EEXIST, path);
        }

        Span<byte> head = stackalloc byte[HeadBytes];
        long size = (long)status.stx_size;
        if (size != length && size <= int.MaxValue && keeps(head[..RandomAccess.Read(file, head, fileOffset: 0)], size))
        {
            length = (int)size;
        }

        bool isNew = size != length;
        if (isNew)
        {
            RandomAccess.SetLength(file, 0);
        }

        Sys.Allocate(file, length, path);
        return new SharedFile(MappedFile.Map(file, length, path), path, isNew);
    }

    /// <summary>Nobody will need it any more.</summary>
    public void Remove() => _ = Sys.Unlink(_path);

    public void Dispose() => _memory.Dispose();
}
