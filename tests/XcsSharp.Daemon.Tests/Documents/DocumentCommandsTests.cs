using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// Each command that a document shows does what it is shown for: it is run as it stands on a machine with the documents' guests, or stands in the short table of
/// those that cannot be, <see cref="CommandRows"/>, with where they are run instead.
/// </summary>
public sealed class DocumentCommandsTests
{
    private const string Remedy = "run it here as it stands, or give it a row in CommandRows that says how, or where it is run instead";

    /// <summary>Those that have commands to be run here.</summary>
    public static TheoryData<string> Documents =>
        [.. CommandBlocks.All.Where(static command => RowOf(command) is not Elsewhere).Select(static command => command.File).Distinct()];

    [Fact]
    public void Commands_are_found_in_all_kinds_of_documents()
    {
        Assert.Contains(CommandBlocks.All, static command => command is { File: "README.md", Text: "./build.sh demo" });
        Assert.Contains(CommandBlocks.All, static command => command is { File: "native-shims/README.md", Text: "simxen list" });
        Assert.Contains(CommandBlocks.All, static command => command is { File: "systemd/man/xcsd-guide.7.in", Text: "xcsctl list" });
    }

    [Fact]
    public void A_commands_end_is_where_its_explanation_begins()
    {
        string[] lines = ["text", "```", "one -a b    what it does", "two # why", "# three", "", "```", "```json", "{}", "```", "```sh", "four", "```"];
        Assert.Equal(["one -a b", "two", "four"], CommandBlocks.InMarkdown("x", lines).Select(static command => command.Text));
        string[] page = [".EX", "xcsctl console \\-\\-take web    \\fBbold\\fR", ".EE", ".EX", "{ \"a\": 1 }", ".EE"];
        Assert.Equal(["xcsctl console --take web"], CommandBlocks.InManualPage("x", page).Select(static command => command.Text));
    }

    [Fact]
    public void No_block_is_made_by_indenting_alone()
        => Assert.Empty(DocumentFiles.Markdown.SelectMany(static file => CommandBlocks.IndentedBlocks(file, DocumentFiles.Lines(file))));

    [Fact]
    public void Every_row_is_of_a_command_that_a_document_has()
    {
        string[] shown = [.. CommandBlocks.All.Select(static command => command.Text)];
        Assert.Empty(CommandRows.All.Select(static row => row.Command).Except(shown));
        Assert.Distinct(CommandRows.All.Select(static row => row.Command));
    }

    [Fact]
    public void What_is_run_elsewhere_is_run_there()
    {
        string[] wrong =
        [
            .. CommandRows.All.OfType<Elsewhere>()
                .Where(static row => !File.Exists(InRepository(row)) || !File.ReadAllText(InRepository(row)).Contains(row.Shows, StringComparison.Ordinal))
                .Select(static row => $"{row.Command}: {row.File} does not have '{row.Shows}' (any more)"),
        ];
        Assert.Empty(wrong);
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public async Task Its_commands_run(string document)
    {
        DocumentedCommand[] here = [.. CommandBlocks.All.Where(command => command.File == document && RowOf(command) is not Elsewhere)];
        string[] missing = [.. here.Select(ToolOf).Distinct().Where(static tool => tool is not null && !File.Exists($"/usr/bin/{tool}")).Select(static tool => tool!)];
        DocumentedCommand[] commands = [.. here.Where(command => !missing.Contains(ToolOf(command)))];
        await using DocumentMachine machine = await DocumentMachine.StartAsync();
        List<string> failures = [];
        foreach (DocumentedCommand command in commands)
        {
            if (await RunAsync(machine, command) is { } failure)
            {
                failures.Add($"{command}\n{failure}\n{Remedy}");
            }
        }

        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
        Assert.SkipWhen(missing.Length > 0, $"missing, all other commands were run: {string.Join(", ", missing)} (packages of these names)");
    }

    /// <returns>What is wrong; null: nothing.</returns>
    private static async Task<string?> RunAsync(DocumentMachine machine, DocumentedCommand command)
    {
        CommandRow? row = RowOf(command);
        string text = row switch
        {
            StandIn standIn => standIn.Run,

            // In the foreground: what a shell has in the background it does not pass signals to.
            RunsOn => command.Text.TrimEnd('&', ' '),
            _ => command.Text,
        };
        await using ChildProcess shell = machine.Start(row is RunsOn ? $"exec {text}" : text);
        if (row is Typed typed)
        {
            await shell.Input.WriteAsync(System.Text.Encoding.ASCII.GetBytes(typed.Keys), Lab.Cancel);
            await shell.Input.FlushAsync(Lab.Cancel);
        }
        else if (row is RunsOn runsOn)
        {
            await shell.Output.WaitForTextAsync(runsOn.Says, Lab.Cancel);
            shell.Signal(Signum.SIGINT);
            shell.Signal(Signum.SIGTERM);
            await shell.WaitAsync(Lab.Cancel);
            return null;
        }

        await shell.Input.DisposeAsync();
        try
        {
            int code = await shell.WaitAsync(Lab.Cancel);
            Lab.Print($"$ {command.Text}\n{shell.Output.Text}");
            return code == 0 ? null : $"ended with {code} and said:\n{shell.Output.Text}";
        }
        catch (TimeoutException late)
        {
            return late.Message;
        }
    }

    /// <summary>A program that is neither ours nor on every machine.</summary>
    private static string? ToolOf(DocumentedCommand command) => command.Text.Split(' ')[0] is ("socat" or "tshark") and var tool ? tool : null;

    private static CommandRow? RowOf(DocumentedCommand command) => CommandRows.All.FirstOrDefault(row => row.Command == command.Text);

    private static string InRepository(Elsewhere row) => Path.Combine(Repository.Root, row.File);
}
