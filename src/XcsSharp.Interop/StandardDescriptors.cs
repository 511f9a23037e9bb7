using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Interop;

/// <summary>What a process does with its descriptors 0, 1 and 2 to become a daemon.</summary>
public static class StandardDescriptors
{
    private const uint LogMode = 0x1a0; // 0640

    /// <summary>Makes this process the leader of a new session, which has no terminal.</summary>
    /// <exception cref="ErrnoException">EPERM: it leads a process group, as a shell's job does.</exception>
    public static void BeginSession() => SysResult.From(Libc.setsid()).OrThrow("setsid");

    /// <summary>Puts a file, which is made if there is none, in the place of a descriptor. What is written goes to its end.</summary>
    /// <param name="descriptor">0, 1 or 2.</param>
    /// <param name="path">Of a file of mode 0640 where it is made.</param>
    /// <exception cref="IOException">It can not be opened, or is no file of this name alone: a link, or one with other names, may be anybody's.</exception>
    public static void Replace(int descriptor, string path)
    {
        using SafeFileHandle file = Sys.Open(path, Libc.O_RDWR | Libc.O_APPEND | Libc.O_CREAT | Libc.O_NOFOLLOW | Libc.O_NOCTTY, LogMode);
        statx status = Sys.Status(file);
        int type = status.stx_mode & Libc.FileTypeMask;
        if (type == Libc.FileTypeRegular ? status.stx_nlink > 1 : type != Libc.FileTypeCharacter)
        {
            throw new IOException(type == Libc.FileTypeRegular
                ? $"open {path}: the file has {status.stx_nlink} names, and may be somebody else's"
                : $"open {path}: it is neither a plain file nor a device");
        }

        // The copy is not close-on-exec, as a standard descriptor must be.
        SysResult.From(Libc.dup2(file, descriptor)).OrThrow("dup2", path);
    }
}
