namespace XcsSharp.TestKit;

/// <summary>The SDK's <c>dotnet</c> as a process, without servers that outlive it.</summary>
public static class DotnetCommand
{
    // A build on a busy machine; paid in full by a failure only.
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(4);

    private static readonly Dictionary<string, string> s_environment = new()
    {
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["UseSharedCompilation"] = "false",
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
    };

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message has what it said.</exception>
    public static async Task RunAsync(CancellationToken cancel, params string[] arguments)
    {
        await using ChildProcess dotnet = ChildProcess.Start(
            "dotnet", arguments, new() { Name = $"dotnet {arguments[0]}", Environment = s_environment });
        await dotnet.Input.DisposeAsync();
        if (await dotnet.WaitAsync(cancel, s_deadline) is not 0 and var code)
        {
            throw new InvalidOperationException(
                $"dotnet {string.Join(' ', arguments)} ended with {code}:\n{dotnet.Output.Text}\n{dotnet.Error.Text}");
        }
    }

    /// <summary>A program of one file as a project of its own.</summary>
    /// <param name="directory">Where it is made; no build settings of ours are above it.</param>
    /// <param name="program">Its source.</param>
    /// <param name="references">Items of the project: what it references.</param>
    /// <returns>The project's path.</returns>
    public static string WriteProject(PrivateDirectory directory, string program, string references)
    {
        File.WriteAllText(directory["Program.cs"], program);
        string project = directory["Example.csproj"];
        File.WriteAllText(
            project,
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
              <ItemGroup>
                {references}
              </ItemGroup>
            </Project>
            """);
        return project;
    }
}
