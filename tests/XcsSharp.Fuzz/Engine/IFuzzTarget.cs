namespace XcsSharp.Fuzz.Engine;

/// <summary>
/// Something that takes bytes from outside, and what must hold whatever they are. Gets millions of inputs one after the other, on one
/// thread.
/// </summary>
internal interface IFuzzTarget : IDisposable
{
    /// <summary>Longer inputs are not made.</summary>
    int MaxLength { get; }

    /// <summary>Where to begin from, besides the corpus: honest inputs, written in code.</summary>
    IEnumerable<byte[]> Seeds { get; }

    /// <summary>Pieces that random bytes would hardly ever make.</summary>
    IReadOnlyList<byte[]> Words => [];

    /// <summary>One execution. Every exception is a finding: the code's own, or what <see cref="Expect"/> throws.</summary>
    void Run(ReadOnlySpan<byte> input);
}
