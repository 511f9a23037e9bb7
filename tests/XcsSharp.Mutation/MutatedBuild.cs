using System.Diagnostics;

namespace XcsSharp.Mutation;

/// <summary>
/// An area's tests with the mutated assembly beside them, in a folder of their own. Stryker makes the mutants and leaves them: in a copy of the tree
/// it finds one test, which does nothing but to put the assembly that it was given aside.
/// </summary>
/// <remarks>Stryker's own way to run tests of this platform is a preview, which takes some mutants for killed that are not, and others for alive.</remarks>
internal sealed class MutatedBuild(Area area, string root)
{
    private readonly string _folder = Path.Combine(root, "artifacts", "mutation", area.Name);

    /// <summary>The folder of the tests.</summary>
    public string TestsFolder => Path.Combine(_folder, "tests");

    /// <summary>Makes it. Takes minutes.</summary>
    /// <returns>The mutants that are in it.</returns>
    public IReadOnlyList<Mutant> Make()
    {
        string tree = Path.Combine(_folder, "tree");
        string project = Path.Combine(tree, "tests", area.Tests);
        string aside = Path.Combine(_folder, area.Project + ".dll");
        string report = Path.Combine(_folder, "stryker");
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }

        CopySources(tree);
        Run(project, "dotnet", "build", "-c", "Release", "-v", "quiet", "--nologo");
        CopyFolder(Path.Combine(project, "bin", "Release", "net10.0"), TestsFolder);

        foreach (string source in Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories).Where(static path => !path.Contains("/obj/", StringComparison.Ordinal)).ToArray())
        {
            File.Delete(source);
        }

        File.WriteAllText(
            Path.Combine(project, "OnlyTest.cs"),
            $$"""
            public sealed class OnlyTest
            {
                [Xunit.Fact]
                public void Puts_the_assembly_aside()
                    => System.IO.File.Copy(System.IO.Path.Combine(System.AppContext.BaseDirectory, "{{area.Project}}.dll"), "{{aside}}", overwrite: true);
            }
            """);
        Run(
            project, Path.Combine(root, "artifacts", "tools", "dotnet-stryker"), "--skip-version-check", "-O", report,
            "-f", Path.Combine(root, "tests", "XcsSharp.Mutation", "Areas", area.Name + ".json"));
        File.Copy(aside, Path.Combine(TestsFolder, area.Project + ".dll"), overwrite: true);
        return Mutant.Read(Path.Combine(report, "reports", "mutation-report.json"));
    }

    private static void CopyFolder(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }

    private void CopySources(string tree)
    {
        foreach (string file in Run(root, "git", "ls-files", "-co", "--exclude-standard").Split('\n').Where(file => File.Exists(Path.Combine(root, file))))
        {
            Copy(Path.Combine(root, file), Path.Combine(tree, file));
        }
    }

    private string Run(string folder, string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,

            // Stryker asks "dotnet --info", and gives up after ten seconds on a machine that has other things to do.
            Environment = { ["DOTNET_INFO_WAIT_TIME"] = "300000" },
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{area.Name}: {program} {string.Join(' ', arguments)} exited with {process.ExitCode}:\n{output}");
    }
}
