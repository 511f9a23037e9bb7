using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Interop;

/// <summary>
/// Puts a terminal into raw mode and, when disposed, back into the mode it was found in, without waiting for a terminal that is stopped.
/// Disposing twice, or from two threads, is harmless: a signal may end the program while it ends by itself.
/// </summary>
public sealed class RawTerminal : IDisposable
{
    private readonly SafeFileHandle _terminal;
    private readonly termios _found;
    private int _restored;

    private RawTerminal(SafeFileHandle terminal, termios found)
    {
        _terminal = terminal;
        _found = found;
    }

    /// <summary>Whether a descriptor is a terminal; nothing is changed.</summary>
    public static bool IsTerminal(int descriptor)
        => Terminals.TryGetSettings(new SafeFileHandle(descriptor, ownsHandle: false), out _);

    /// <param name="descriptor">Usually 0; it is not closed.</param>
    /// <returns>Null when the descriptor is not a terminal.</returns>
    public static RawTerminal? Enter(int descriptor)
    {
        SafeFileHandle terminal = new(descriptor, ownsHandle: false);
        if (!Terminals.TryGetSettings(terminal, out termios found))
        {
            return null;
        }

        Terminals.SetSettings(terminal, Terminals.Raw(found)).OrThrow("tcsetattr");
        return new RawTerminal(terminal, found);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            _ = Terminals.SetSettings(_terminal, _found, waits: false);
        }
    }
}
