using System.Text;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Interop;

/// <summary>Another program in the place of this one: the same process, with the descriptors that it is given and no others.</summary>
public static unsafe class ProcessImage
{
    /// <summary>
    /// Replaces the program (execve(2)). All other threads end where they are, and nothing of this program runs any more.
    /// </summary>
    /// <param name="path">The executable.</param>
    /// <param name="arguments">The first is what it is called by.</param>
    /// <param name="environment">All of it.</param>
    /// <param name="kept">Descriptors that stay open, under their numbers.</param>
    /// <returns>Why it did not come to that. Nothing has changed then.</returns>
    public static ErrnoException Replace(
        string path,
        IReadOnlyList<string> arguments,
        IEnumerable<KeyValuePair<string, string>> environment,
        IReadOnlyList<SafeFileHandle> kept)
    {
        byte[][] texts = [.. arguments.Select(Terminated)];
        byte[][] variables = [.. environment.Select(static variable => Terminated($"{variable.Key}={variable.Value}"))];
        foreach (SafeFileHandle descriptor in kept)
        {
            SysResult opened = Sys.SetCloseOnExec(descriptor, closes: false);
            if (!opened.IsOk)
            {
                Restore(kept);
                return new ErrnoException("fcntl", opened.Error, path);
            }
        }

        // SAFETY: the arrays of texts are made on the pinned heap, so they stay where they are; the arrays of pointers end in null and are
        // pinned for the call. It returns only when it has failed.
        nint[] textPointers = [.. texts.Select(static text => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref text[0])), 0];
        nint[] variablePointers = [.. variables.Select(static text => (nint)System.Runtime.CompilerServices.Unsafe.AsPointer(ref text[0])), 0];
        SysResult failed;
        fixed (nint* argumentStart = textPointers, environmentStart = variablePointers)
        {
            failed = SysResult.From(Libc.execve(path, (byte**)argumentStart, (byte**)environmentStart));
        }

        GC.KeepAlive(texts);
        GC.KeepAlive(variables);
        Restore(kept);
        return new ErrnoException("execve", failed.Error, path);
    }

    private static void Restore(IReadOnlyList<SafeFileHandle> kept)
    {
        foreach (SafeFileHandle descriptor in kept)
        {
            _ = Sys.SetCloseOnExec(descriptor, closes: true);
        }
    }

    private static byte[] Terminated(string text)
    {
        byte[] bytes = GC.AllocateArray<byte>(Encoding.UTF8.GetByteCount(text) + 1, pinned: true);
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
