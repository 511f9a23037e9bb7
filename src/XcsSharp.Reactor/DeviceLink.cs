using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>A symbolic link to a device, such as a terminal.</summary>
public static class DeviceLink
{
    /// <summary>Makes one where nothing is: one system call that looks and makes, so that nothing can come in between.</summary>
    /// <returns>False when something has that name already; it is left as it is.</returns>
    /// <exception cref="IOException">It can not be made.</exception>
    public static bool TryMake(string path, string device)
    {
        SysResult made = Sys.MakeSymbolicLink(path, device);
        if (made.Error == Errno.EEXIST)
        {
            return false;
        }

        made.OrThrow("symlink", path);
        return true;
    }
}
