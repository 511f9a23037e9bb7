using Mono.Unix.Native;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The program in README.md: the text that is read there is what is built and run here.</summary>
public sealed class ReadmeExampleTests
{
    private const int Lines = 30;

    [Fact]
    public async Task The_program_in_the_readme_builds_and_does_what_it_says()
    {
        string program = Program();
        Assert.InRange(program.Count(static letter => letter == '\n'), 1, Lines);
        using PrivateDirectory directory = new("readme");
        string project = DotnetCommand.WriteProject(
            directory,
            program,
            string.Concat(((string[])["XcsSharp.Client", "XcsSharp.Protocol"]).Select(
                name => $"""<Reference Include="{name}" HintPath="{Path.Combine(AppContext.BaseDirectory, name)}.dll" />""")));
        await DotnetCommand.RunAsync(Lab.Cancel, "build", project, "-o", directory["out"]);

        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web");
        await using ChildProcess example = ChildProcess.Start(
            "dotnet", [Path.Combine(directory["out"], "Example.dll"), lab.Places.Xcs]);

        // What is printed before it has bound is not for it, and nothing says when it has: so it is printed again.
        Task<int> seen = example.Output.WaitForTextAsync($"{domid}: hello\n", Lab.Cancel);
        while (!seen.IsCompleted)
        {
            await guest.WriteAsync("hello\n", Lab.Cancel);
            await Task.WhenAny(seen, Task.Delay(50, Lab.Cancel));
        }

        await seen;
        await lab.Daemon.Kill9Async(Lab.Cancel);
        await example.Error.WaitForTextAsync("Disconnected", Lab.Cancel);
        await lab.RestartAsync();
        await example.Error.WaitForTextAsync("Renewed", Lab.Cancel);
        await guest.WriteAsync("once more\n", Lab.Cancel);
        await example.Output.WaitForTextAsync($"{domid}: once more\n", Lab.Cancel);

        example.Signal(Signum.SIGINT);
        Assert.Equal(0, await example.WaitAsync(Lab.Cancel));
    }

    private static string Program()
    {
        const string Begin = "```csharp\n";
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        int start = readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        return readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];
    }
}
