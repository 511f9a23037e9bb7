namespace XcsSharp.Rings;

/// <summary>
/// Where things are in the page of a console ring (<c>struct xencons_interface</c>, xen/include/public/io/console.h):
/// a stream of bytes each way, with free-running 32-bit indexes. Directions are named from the guest's side.
/// </summary>
public static class ConsoleRingLayout
{
    /// <summary>Input: bytes for the guest.</summary>
    public const int Input = 0;

    /// <summary>Bytes the input ring holds.</summary>
    public const int InputSize = 1024;

    /// <summary>Output: bytes of the guest.</summary>
    public const int Output = 1024;

    /// <summary>Bytes the output ring holds.</summary>
    public const int OutputSize = 2048;

    /// <summary>Written by the guest.</summary>
    public const int InputConsumer = 3072;

    /// <summary>Written by the back end.</summary>
    public const int InputProducer = 3076;

    /// <summary>Written by the back end.</summary>
    public const int OutputConsumer = 3080;

    /// <summary>Written by the guest.</summary>
    public const int OutputProducer = 3084;

    /// <summary>
    /// One byte, written by the back end: 0 while somebody empties the ring, 1 before. Headers before 2025 end at
    /// <see cref="OutputProducer"/>; the rest of their page is unused.
    /// </summary>
    public const int Connection = 3088;

    /// <summary>XENCONSOLE_CONNECTED.</summary>
    public const byte Connected = 0;

    /// <summary>XENCONSOLE_DISCONNECTED.</summary>
    public const byte Disconnected = 1;
}
