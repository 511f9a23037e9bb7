using System.Text;

using XcsSharp.Interop;

namespace XcsSharp.Cli;

/// <summary>What the program reads from and writes to. The class <c>Console</c> is never touched: it would change the
/// terminal's settings.</summary>
internal sealed class StandardStreams
{
    private static readonly UTF8Encoding s_encoding = new(encoderShouldEmitUTF8Identifier: false);
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    public DescriptorStream Input { get; } = new(0);

    /// <summary>For bytes; <see cref="Output"/> is the same for text.</summary>
    public DescriptorStream RawOutput { get; } = new(1);

    /// <summary>As above, of <see cref="Error"/>.</summary>
    public DescriptorStream RawError { get; } = new(2);

    public TextWriter Output { get; } = new StreamWriter(new DescriptorStream(1), s_encoding) { AutoFlush = true, NewLine = "\n" };

    public TextWriter Error { get; } = new StreamWriter(new DescriptorStream(2), s_encoding) { AutoFlush = true, NewLine = "\n" };

    /// <summary>
    /// For last words: a reader that has stopped (a pager, a terminal that hangs) must not keep us. What it does not take in a moment is
    /// lost, and the thread that still waits for it goes with the process.
    /// </summary>
    public static void WriteBriefly(Action write)
    {
        Task writing = Task.Run(write);
        if (Task.WaitAny([writing], s_lastWords) == 0)
        {
            writing.GetAwaiter().GetResult();
        }
    }
}
