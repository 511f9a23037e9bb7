using System.CommandLine;

using XcsSharp.Client;
using XcsSharp.Interop;

namespace XcsSharp.Cli;

/// <summary><c>xcsctl log</c>: what a console has printed, of a domain that is gone too.</summary>
internal sealed class LogCommand(StandardStreams streams, Option<string> socket)
{
    public Command Syntax()
    {
        Argument<string> domain = new("DOMAIN")
        {
            Description = "A domid or a name, also of a domain that has gone lately; with #1 to #9 a secondary console of it, with #control the control channel's",
        };
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with what comes, until the domain or the daemon ends" };
        Command command = new("log", "Prints what a domain's console has printed, as far as the daemon has it") { domain, follow };
        OutputOptions output = new();
        output.AddTo(command);
        domain.Validators.Add(CommandLine.RefuseNoName);
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.GetValue(socket)!,
            parsed.GetValue(domain)!,
            output.Of(parsed, parsed.GetValue(follow)),
            cancel));
        return command;
    }

    private async Task<int> RunAsync(string path, string domain, ConsoleOutput output, CancellationToken cancel)
    {
        await using ConsoleConnection console = await ConsoleConnection.ReadLogAsync(path, domain, output, cancel);
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
                await console.Stream.CopyToAsync(all, cancel);
                streams.RawOutput.Write(all.GetBuffer().AsSpan(0, (int)all.Length));
            }
        }
        catch (ErrnoException failure) when (failure.Errno is Errno.EPIPE)
        {
            // Nobody reads our output any more (head, a pager that was quit): a normal way to end.
        }
        catch (IOException failure) when (failure is not XcsException)
        {
            throw new XcsDisconnectedException($"the daemon ended inside its answer: {failure.Message}", failure);
        }

        return ExitCode.Ok;
    }

    private async Task PrintAsync(ConsoleConnection console, CancellationToken cancel)
    {
        byte[] buffer = new byte[64 * 1024];
        int count;
        while ((count = await console.Stream.ReadAsync(buffer, cancel)) > 0)
        {
            streams.RawOutput.Write(buffer.AsSpan(0, count));
        }
    }
}
