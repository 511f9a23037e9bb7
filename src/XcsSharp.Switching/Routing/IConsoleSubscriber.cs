namespace XcsSharp.Switching;

/// <summary>
/// Who takes the output of guests' consoles. There is one: a console's bytes are a stream and not messages, so they
/// cannot be shared out by type; whoever wants them too reads them from there.
/// </summary>
/// <remarks>
/// All calls come on the loop thread, and never from inside a call that the subscriber made to a stream. News of domains
/// come to it as to any <see cref="ISubscriber"/>; a domain is announced before its consoles, and they are closed before its end is.
/// </remarks>
public interface IConsoleSubscriber
{
    /// <summary>For the log.</summary>
    string Name { get; }

    /// <summary>A domain has this console now; its output follows.</summary>
    void OnConsoleOpened(ConsoleStream stream);

    /// <summary>
    /// Closed or put aside: nothing more comes from this stream and nothing can be put. <see cref="GuestDomain.FindConsole"/> tells
    /// which: it gives a successor, this stream when it was put aside, or null when the console is gone. One that was put aside is
    /// closed later, too.
    /// </summary>
    void OnConsoleClosed(ConsoleStream stream, string reason);

    /// <param name="stream">Where it came from.</param>
    /// <param name="output">1..4096 bytes, a copy; valid until the call returns.</param>
    void OnConsoleOutput(ConsoleStream stream, ReadOnlySpan<byte> output);

    /// <summary>After a <see cref="ConsoleStream.Put"/> that was not taken whole there may be room again.</summary>
    void OnConsoleRoom(ConsoleStream stream);
}
