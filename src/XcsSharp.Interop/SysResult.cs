using System.Runtime.InteropServices;

namespace XcsSharp.Interop;

/// <summary>What a system call returned: its value, or why not. Expected failures are handled where the call is made.</summary>
internal readonly record struct SysResult
{
    private SysResult(int value, Errno error)
    {
        Value = value;
        Error = error;
    }

    /// <summary>Not negative; only meaningful when <see cref="IsOk"/>.</summary>
    public int Value { get; }

    public Errno Error { get; }

    public bool IsOk => Error == Errno.OK;

    public static SysResult Success(int value = 0) => new(value, Errno.OK);

    public static SysResult Failure(Errno error) => new(0, error);

    /// <summary>For calls that return -1 and set errno. Must follow the call at once.</summary>
    public static SysResult From(int returned)
        => returned >= 0 ? Success(returned) : Failure(LastError());

    public static SysResult From(nint returned) => From((int)returned);

    /// <summary>The value, or an exception that names the operation.</summary>
    public int OrThrow(string operation, string? subject = null)
        => IsOk ? Value : throw new ErrnoException(operation, Error, subject);

    internal static Errno LastError()
    {
        Errno error = (Errno)Marshal.GetLastPInvokeError();

        // A library that failed without saying why must not be taken for a success.
        return error == Errno.OK ? Errno.EIO : error;
    }
}
