using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>How much of what was to be appended is in the file.</summary>
/// <param name="Written">Bytes that are in it.</param>
/// <param name="Problem">Why it is not all: the operation, the path and the system's words. Null when it is all.</param>
public readonly record struct AppendResult(int Written, string? Problem);

/// <summary>Which file it is that somebody appends to, and where it ends. 0 and 0: there is none.</summary>
public readonly record struct FileEnd(ulong Inode, long Size);

/// <summary>
/// The disk's side of an <see cref="AppendFile"/>: one file that never grows beyond its limit. Full, it is renamed to
/// <c>NAME.1</c>, what was there to <c>NAME.2</c> and so on, and the oldest goes; the next byte begins a new file.
/// </summary>
/// <remarks>
/// Every call may wait for the disk. One thread, which need not be the loop's.
/// What stands in the file's place is not trusted: a symbolic link is not followed, what is no plain file is not written, and a file that has
/// another name too is put aside like a full one.
/// Before each write it is asked what the open file is by now, so that one that was truncated is filled from its start and
/// one that was removed is made again.
/// </remarks>
public sealed class RotatingFile(long limit, int kept, OldFileCompressor? compressor = null, bool isPrivate = false) : IDisposable
{
    private const uint OwnerWritesGroupReads = 0x1a0; // 0640
    private const uint OwnerOnly = 0x180; // 0600

    private SafeFileHandle? _file;
    private ulong _inode;
    private string _path = "";

    /// <summary>Where the last <see cref="Append"/> has ended; null when it failed.</summary>
    public FileEnd? End { get; private set; }

    /// <param name="path">Where to; when it is another than before, the file of before is closed first.</param>
    /// <param name="reopen">Whether to open by name again what is open. A file that never was is not made by this alone.</param>
    /// <param name="bytes">May be empty.</param>
    public AppendResult Append(string path, bool reopen, ReadOnlySpan<byte> bytes)
    {
        bool wasOpen = _file is not null;
        if (reopen || path != _path)
        {
            Close();
            _path = path;
        }

        if (bytes.IsEmpty && !(reopen && wasOpen))
        {
            return default;
        }

        int written = 0;
        End = null;
        try
        {
            long size = SizeNow();
            while (written < bytes.Length)
            {
                if (size >= limit)
                {
                    size = Rotate();
                    continue;
                }

                ReadOnlySpan<byte> piece = bytes[written..];
                piece = piece[..(int)Math.Min(piece.Length, limit - size)];
                int count = Sys.Write(_file!, piece).OrThrow("write", _path);
                written += count;
                size += count;
            }

            End = new FileEnd(_inode, size);
            return new AppendResult(written, null);
        }
        catch (IOException failure)
        {
            // The next try begins with the name: the file system may have been mounted anew.
            Close();
            return new AppendResult(written, failure.Message);
        }
    }

    /// <summary>Where a file ends.</summary>
    /// <param name="path">Its name; a symbolic link is no file.</param>
    /// <param name="end">Null when it cannot be read.</param>
    /// <param name="size">Null: as it is now. Otherwise as it was when it had so many bytes.</param>
    /// <returns>Whether its last byte is another than a line feed; null when there is no such file, or it cannot be read.</returns>
    public static bool? EndsInsideLine(string path, out FileEnd? end, long? size = null)
    {
        end = null;
        try
        {
            using SafeFileHandle file = Sys.Open(path, Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NOCTTY | Libc.O_NONBLOCK);
            statx status = Sys.Status(file);
            if ((status.stx_mode & Libc.FileTypeMask) != Libc.FileTypeRegular)
            {
                return null;
            }

            end = new FileEnd(status.stx_ino, (long)status.stx_size);
            Span<byte> last = stackalloc byte[1];
            long at = (size ?? (long)status.stx_size) - 1;
            return at >= 0 && RandomAccess.Read(file, last, at) == 1 ? last[0] != (byte)'\n' : null;
        }
        catch (ErrnoException failure) when (failure.Errno == Errno.ENOENT)
        {
            end = default(FileEnd);
            return null;
        }
        catch (IOException)
        {
            // Whatever is wrong with it, the write that follows will say.
            return null;
        }
    }

    public void Close()
    {
        _file?.Dispose();
        _file = null;
    }

    public void Dispose() => Close();

    private long SizeNow()
    {
        if (_file is not null)
        {
            statx status = Sys.Status(_file);
            if (status.stx_nlink > 0)
            {
                return (long)status.stx_size;
            }

            Close();
        }

        return Open();
    }

    /// <returns>The size of what was there.</returns>
    private long Open()
    {
        // Not blocking, or somebody's named pipe in its place would stop this thread. To a plain file it means nothing.
        SafeFileHandle file = Sys.Open(
            _path,
            Libc.O_WRONLY | Libc.O_APPEND | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_NOCTTY | Libc.O_NONBLOCK,
            isPrivate ? OwnerOnly : OwnerWritesGroupReads);
        try
        {
            statx status = Sys.Status(file);
            if ((status.stx_mode & Libc.FileTypeMask) != Libc.FileTypeRegular)
            {
                throw new IOException($"open {_path}: it is not a plain file");
            }

            if (status.stx_nlink == 1)
            {
                _file = file;
                _inode = status.stx_ino;
                return (long)status.stx_size;
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        // It has another name, by which it may be somebody's: only the name is ours to move.
        file.Dispose();
        return Rotate();
    }

    /// <returns>The size of the new file.</returns>
    private long Rotate()
    {
        lock (compressor?.Names ?? this)
        {
            for (int i = kept; i > 1; i--)
            {
                MoveOld(i - 1, i);
            }

            PutAside();
        }

        if (kept >= OldFileCompressor.First)
        {
            compressor?.Add(_path, kept);
        }

        Close();
        return Open();
    }

    /// <summary>An old file has another number now, compressed or not: settings change from run to run.</summary>
    private void MoveOld(int from, int to)
    {
        // What the oldest is may be of the other kind, and would stay.
        if (TryRename(OldName(from), OldName(to)))
        {
            if (!TryRename(OldName(from) + OldFileCompressor.Suffix, OldName(to) + OldFileCompressor.Suffix))
            {
                _ = Sys.Unlink(OldName(to) + OldFileCompressor.Suffix);
            }
        }
        else if (TryRename(OldName(from) + OldFileCompressor.Suffix, OldName(to) + OldFileCompressor.Suffix))
        {
            _ = Sys.Unlink(OldName(to));
        }
    }

    private void PutAside()
    {
        // Whoever follows the file by its name reads the old one to its end and finds the new one in its place.
        SysResult gone = kept > 0 ? Sys.Rename(_path, OldName(1)) : Sys.Unlink(_path);
        if (gone.Error != Errno.ENOENT)
        {
            gone.OrThrow(kept > 0 ? "rename" : "unlink", _path);
        }
    }

    /// <returns>False when there is no such file.</returns>
    private static bool TryRename(string from, string to)
    {
        SysResult moved = Sys.Rename(from, to);
        if (moved.Error == Errno.ENOENT)
        {
            return false;
        }

        moved.OrThrow("rename", from);
        return true;
    }

    private string OldName(int number) => OldFileCompressor.OldName(_path, number);
}
