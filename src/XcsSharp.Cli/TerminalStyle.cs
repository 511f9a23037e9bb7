using XcsSharp.Interop;

namespace XcsSharp.Cli;

/// <summary>What may be sent to a terminal beside text.</summary>
internal static class TerminalStyle
{
    /// <summary>Whether the terminal obeys sequences, as far as its name says so.</summary>
    public static bool ObeysSequences => Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>Never in a pipe or a file, nor where the operator wants none (no-color.org).</summary>
    public static bool HasColors(DescriptorStream output)
        => output.IsTerminal && ObeysSequences && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
}
