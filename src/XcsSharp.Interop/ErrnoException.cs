using System.Runtime.InteropServices;

namespace XcsSharp.Interop;

/// <summary>A system call failed in a way that its caller did not plan for.</summary>
/// <param name="operation">The call, by its C name.</param>
/// <param name="errno">What it said.</param>
/// <param name="subject">What it was about: a path, a port; null when there is nothing to name.</param>
public sealed class ErrnoException(string operation, Errno errno, string? subject = null)
    : IOException(Describe(operation, errno, subject))
{
    public string Operation { get; } = operation;

    public Errno Errno { get; } = errno;

    public string? Subject { get; } = subject;

    private static string Describe(string operation, Errno errno, string? subject)
    {
        string reason = $"{Marshal.GetPInvokeErrorMessage((int)errno)} ({errno})";
        return subject is null ? $"{operation}: {reason}" : $"{operation} {subject}: {reason}";
    }
}
