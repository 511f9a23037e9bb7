using Mono.Unix.Native;

using XcsSharp.Consoles;

namespace XcsSharp.Daemon;

/// <summary>Reads the policy of <c>Sockets:AccessFile</c>.</summary>
internal static class AccessRules
{
    /// <returns>Null without a file: whoever may connect may do all.</returns>
    /// <exception cref="IOException">It cannot be read, or others may write it.</exception>
    /// <exception cref="FormatException">What is wrong in it; a line for each fault.</exception>
    public static AccessPolicy? Load(string path)
    {
        if (path.Length == 0)
        {
            return null;
        }

        try
        {
            if (new FileInfo(path).Length > AccessFile.MaxBytes)
            {
                throw new FormatException($"it has more than {AccessFile.MaxBytes} bytes; is it another file?");
            }

            if ((File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
            {
                throw new IOException($"others than its owner may write it; chmod go-w {path}");
            }

            return AccessFile.Parse(File.ReadAllBytes(path), new Accounts(), Syscall.geteuid());
        }
        catch (UnauthorizedAccessException refused)
        {
            throw new IOException(refused.Message, refused);
        }
    }

    /// <summary>The system's, which needs Mono.Posix's native part for names; numbers do without.</summary>
    private sealed class Accounts : IAccounts
    {
        public uint? FindUser(string name) => Find(() => Syscall.getpwnam(name)?.pw_uid);

        public uint? FindGroup(string name) => Find(() => Syscall.getgrnam(name)?.gr_gid);

        private static uint? Find(Func<uint?> find)
        {
            try
            {
                return find();
            }
            catch (DllNotFoundException missing)
            {
                throw new IOException("names of users and groups need libMonoPosixHelper.so beside xcsd; install it, or give their numbers", missing);
            }
        }
    }
}
