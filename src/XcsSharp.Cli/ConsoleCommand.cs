using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;

using XcsSharp.Client;
using XcsSharp.Interop;

namespace XcsSharp.Cli;

/// <summary>
/// <c>xcsctl console</c>: the terminal in raw mode and the guest's console joined, until the escape key, the end of
/// the console, a signal, or the end of whoever reads our output.
/// </summary>
internal sealed class ConsoleCommand(StandardStreams streams)
{
    /// <summary>How long what was typed before leaving may take to reach a guest that does not read.</summary>
    private static readonly TimeSpan s_lastBytes = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource<Ending> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct Ending(int ExitCode, string? Remark = null);

    public required string Socket { get; init; }

    public required string Domain { get; init; }

    public ConsoleReplay Replay { get; init; }

    public EscapeKey Escape { get; init; }

    public bool ExitOnEndOfInput { get; init; }

    public bool Json { get; init; }

    public async Task<int> RunAsync()
    {
        // Before the terminal is touched, so that there is no moment in which a signal could leave it raw.
        using StopSignals signals = new(number => End(new Ending(ExitCode.Signalled + number)));
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(Socket, Domain, Replay);
        if (await Task.WhenAny(attaching, _ended.Task) == _ended.Task)
        {
            return (await _ended.Task).ExitCode;
        }

        await using ConsoleConnection console = await attaching;
        return await JoinAsync(console);
    }

    private async Task<int> JoinAsync(ConsoleConnection console)
    {
        RawTerminal? terminal = RawTerminal.Enter(0);
        Ending ending;
        try
        {
            Announce(console, terminal is not null);
            ConsoleInput input = new(streams.Input, console.Stream, Escape);
            Task typed = FollowInputAsync(input.RunAsync(), terminal is not null);
            Task printed = Task.Factory.StartNew(
                () => Print(console.Stream), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            ending = await _ended.Task;
            await Task.WhenAny(input.FlushAsync(), Task.Delay(s_lastBytes));
            GC.KeepAlive(typed);
            GC.KeepAlive(printed);
        }
        finally
        {
            terminal?.Dispose();
        }

        if (terminal is not null && !Json)
        {
            streams.Error.WriteLine($"\n{ending.Remark ?? "Left"} {TextTable.Printable(console.Name)}.");
        }

        return ending.ExitCode;
    }

    private void Announce(ConsoleConnection console, bool onTerminal)
    {
        if (Json)
        {
            streams.Error.WriteLine(JsonSerializer.Serialize(
                new AttachedDocument(console.Domid, console.Name), ConsoleJson.Default.AttachedDocument));
        }
        else if (onTerminal)
        {
            string leave = Escape.IsKey ? $" Leave with {Escape}." : "";
            streams.Error.Write(
                $"Connected to {TextTable.Printable(console.Name)} (domid {console.Domid}).{leave}\r\n");
        }
    }

    private async Task FollowInputAsync(Task<InputEnd> input, bool fromTerminal)
    {
        switch (await input)
        {
            case InputEnd.Escape:
                End(new Ending(ExitCode.Ok));
                break;
            case InputEnd.EndOfInput when ExitOnEndOfInput || fromTerminal:
                // A terminal that ends was hung up.
                End(new Ending(ExitCode.Ok));
                break;
            default:
                // In a pipe the output goes on. A connection that takes no more is noticed by its reader.
                break;
        }
    }

    /// <summary>Console to standard output, until one of them ends. Blocks; has a thread of its own.</summary>
    private void Print(NetworkStream console)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = Receive(console, buffer)) > 0)
            {
                streams.RawOutput.Write(buffer.AsSpan(0, count));
            }

            End(new Ending(ExitCode.Ok, "The daemon has closed the console of"));
        }
        catch (ErrnoException)
        {
            // Nobody reads our output any more (head, a pager that was quit): a normal way to end.
            End(new Ending(ExitCode.Ok));
        }
    }

    private static int Receive(NetworkStream console, byte[] buffer)
    {
        try
        {
            return console.Read(buffer);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The daemon was killed, or we have left.
            return 0;
        }
    }

    private void End(Ending ending) => _ended.TrySetResult(ending);
}

/// <summary>
/// What <c>console --json</c> says before the console's bytes begin, and what <c>console-add</c> and <c>console-del</c> say.
/// </summary>
internal sealed record AttachedDocument(uint Domid, string Name);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AttachedDocument))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
