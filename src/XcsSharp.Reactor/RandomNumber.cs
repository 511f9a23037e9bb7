using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>
/// Numbers that nobody can guess, from the kernel. Not from System.Security.Cryptography, which loads OpenSSL: megabytes of
/// memory, and where it is not installed, as in a small dom0 or guest, it ends the process.
/// </summary>
public static class RandomNumber
{
    /// <returns>Any of 2^64 values.</returns>
    /// <exception cref="ErrnoException">The kernel has no getrandom (before Linux 3.17).</exception>
    public static ulong Next() => Sys.Random();
}
