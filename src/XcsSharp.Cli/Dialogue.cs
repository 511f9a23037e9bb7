using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

using XcsSharp.Client;

namespace XcsSharp.Cli;

/// <summary>What all commands have in common: where the daemon is, what is said while its answer is awaited, and the two forms of an answer.</summary>
internal sealed class Dialogue(StandardStreams streams)
{
    private const string SocketVariable = "XCS_CONSOLE_SOCKET";

    public StandardStreams Streams => streams;

    public Option<string> Socket { get; } = new("--socket")
    {
        Description = $"The daemon's console socket; {SocketVariable} sets it too",
        HelpName = "PATH",
        Recursive = true,
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path
            ? path
            : ConsoleConnection.DefaultPath,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        // Otherwise a word behind it would be its value: a domain called true, or the word that a shell completes.
        Arity = ArgumentArity.Zero,
        Description = "The answer as JSON, one document or, of a dump, a line for each message; of console and log, whose output is the guest's, which console it is, on standard error",
        Recursive = true,
    };

    public string SocketOf(ParseResult parsed) => parsed.GetValue(Socket)!;

    public bool WantsJson(ParseResult parsed) => parsed.GetValue(Json);

    /// <summary>Asks the daemon something, and tells who waits for it on a terminal.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="ask">Gets the daemon's socket.</param>
    /// <param name="waitingFor">Completes "waiting …".</param>
    public Task<T> AskAsync<T>(ParseResult parsed, Func<string, Task<T>> ask, string waitingFor = "for xcsd's answer")
        => new Progress(streams).WhileAsync(ask(SocketOf(parsed)), () => $"waiting {waitingFor}");

    /// <summary>Shows an answer in the form that is wanted.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="answer">It.</param>
    /// <param name="type">How it is written as JSON.</param>
    /// <param name="text">How people read it; whole lines.</param>
    public int Show<T>(ParseResult parsed, T answer, JsonTypeInfo<T> type, Func<T, string> text)
    {
        streams.Output.Write(WantsJson(parsed) ? JsonSerializer.Serialize(answer, type) + "\n" : text(answer));
        return ExitCode.Ok;
    }

    /// <summary>Says something that is no answer: to people, on standard error.</summary>
    public void Say(string sentence) => streams.Error.WriteLine($"xcsctl: {TextTable.Printable(sentence)}");
}
