using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>Descriptors that pass from one process to another.</summary>
public static class OpenDescriptors
{
    /// <summary>Programs that this process starts find it closed. Without effect on what is not open.</summary>
    public static void KeepFromPrograms(SafeFileHandle descriptor) => _ = TryKeepFromPrograms(descriptor);

    /// <summary>The same; false: it is not open.</summary>
    public static bool TryKeepFromPrograms(SafeFileHandle descriptor) => Sys.SetCloseOnExec(descriptor, closes: true).IsOk;

    /// <summary>A file in memory that lives as long as its descriptors.</summary>
    /// <param name="name">For people who look into /proc.</param>
    public static SafeFileHandle MakeMemoryFile(string name) => Sys.MemoryFile(name);
}
