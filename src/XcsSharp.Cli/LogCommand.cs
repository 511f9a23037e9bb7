using System.CommandLine;
using System.Text.Json;

using XcsSharp.Client;
using XcsSharp.Interop;

namespace XcsSharp.Cli;

/// <summary><c>xcsctl log</c>: what a console has printed, of a domain that is gone too.</summary>
internal sealed class LogCommand(Dialogue dialogue, Targets targets)
{
    private readonly StandardStreams _streams = dialogue.Streams;

    public Command Syntax()
    {
        Argument<string> domain = targets.Console(
            "A domid or a name, also of a domain that has gone lately; with #1 to #9 a secondary console of it, with #control the control channel's");
        Option<bool> follow = new("--follow", "-f") { Arity = ArgumentArity.Zero, Description = "Go on with what comes, until the domain or the daemon ends" };
        Command command = new("log", "Prints what a domain's console has printed, as far as the daemon has it") { domain, follow };
        OutputOptions output = new();
        output.AddTo(command);
        command.SetAction((parsed, cancel) => RunAsync(parsed, parsed.GetValue(domain)!, output.Of(parsed, parsed.GetValue(follow)), cancel));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, string domain, ConsoleOutput output, CancellationToken cancel)
    {
        await using ConsoleConnection console = await dialogue.AskAsync(
            parsed, path => ConsoleConnection.ReadLogAsync(path, domain, output, cancel));
        if (dialogue.WantsJson(parsed))
        {
            _streams.Error.WriteLine(JsonSerializer.Serialize(new AttachedDocument(console.Domid, console.Name), ConsoleJson.Default.AttachedDocument));
        }

        try
        {
            if (output.Follow)
            {
                await PrintAsync(console, cancel);
            }
            else
            {
                // All of it at once: a pager may take an hour for it, and the daemon waits half a minute for the last bytes.
                using MemoryStream all = new();
                _ = await new Progress(_streams).WhileAsync(
                    ReadAsync(console, all, cancel), () => $"reading what {domain} has printed, {Reports.Size((ulong)all.Length)} so far");
                _streams.RawOutput.Write(all.GetBuffer().AsSpan(0, (int)all.Length));
            }
        }
        catch (ErrnoException failure) when (failure.Errno is Errno.EPIPE)
        {
            // Nobody reads our output any more (head, a pager that was quit): a normal way to end.
        }
        catch (IOException failure) when (failure is not (XcsException or ErrnoException))
        {
            throw new XcsDisconnectedException($"the daemon ended inside its answer: {failure.Message}; see: systemctl status xcsd", failure);
        }

        return ExitCode.Ok;
    }

    private static async Task<bool> ReadAsync(ConsoleConnection console, MemoryStream all, CancellationToken cancel)
    {
        await console.Stream.CopyToAsync(all, cancel);
        return true;
    }

    private async Task PrintAsync(ConsoleConnection console, CancellationToken cancel)
    {
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = await console.Stream.ReadAsync(buffer, cancel)) > 0)
        {
            _streams.RawOutput.Write(buffer.AsSpan(0, count));
        }
    }
}
