using System.IO.Compression;
using System.Xml.Linq;

using XcsSharp.TestKit;

namespace XcsSharp.Client.Tests;

/// <summary>The NuGet packages of the library, made from what is built here and used as a stranger would. No network.</summary>
public sealed class PackageTests
{
    private const string Consumer = """
        using XcsSharp.Client;
        using XcsSharp.Protocol;

        try
        {
            await using Notifier notifier = await Notifier.ConnectAsync("/nonexistent/xcs.sock");
        }
        catch (XcsUnavailableException refused)
        {
            Console.WriteLine($"{ProtocolLimits.RecordSize} {refused.Path}");
        }
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_library_packs_and_a_stranger_builds_and_runs_with_it()
    {
        string root = Root();
        string[] locks = ["XcsSharp.Client", "XcsSharp.Protocol"];
        string[] before = [.. locks.Select(project => LockFile(root, project))];
        using PrivateDirectory feed = new("feed");
        foreach (string project in (string[])["XcsSharp.Protocol", "XcsSharp.Client"])
        {
            await DotnetCommand.RunAsync(
                Cancel, "pack", Path.Combine(root, "src", project), "-c", Configuration(), "--no-build", "-o", feed.Path);
        }

        Assert.Equal(before, locks.Select(project => LockFile(root, project)));
        CheckClient(Assert.Single(Directory.GetFiles(feed.Path, "XcsSharp.Client.*.nupkg")));
        CheckSymbols(Assert.Single(Directory.GetFiles(feed.Path, "XcsSharp.Client.*.snupkg")));

        using PrivateDirectory stranger = new("consumer");
        string program = DotnetCommand.WriteProject(
            stranger, Consumer, """<PackageReference Include="XcsSharp.Client" Version="0.1.0" />""");
        await File.WriteAllTextAsync(
            stranger["nuget.config"],
            $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{stranger["packages"]}" /></config>
              <packageSources><clear /><add key="feed" value="{feed.Path}" /></packageSources>
            </configuration>
            """,
            Cancel);
        await DotnetCommand.RunAsync(Cancel, "build", program, "-o", stranger["out"]);
        ChildResult ran = await ChildProcess.RunAsync("dotnet", [Path.Combine(stranger["out"], "Example.dll")], Cancel);
        Assert.Equal((0, "80 /nonexistent/xcs.sock\n", ""), (ran.ExitCode, ran.Output, ran.Error));
    }

    private static void CheckClient(string path)
    {
        using ZipArchive package = ZipFile.OpenRead(path);
        string[] names = [.. package.Entries.Select(entry => entry.FullName)];
        Assert.Equal(
            ["lib/net10.0/XcsSharp.Client.dll", "lib/net10.0/XcsSharp.Client.xml"],
            names.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains("# XcsSharp.Client", Read(package, "README.md"), StringComparison.Ordinal);
        string documents = Read(package, "lib/net10.0/XcsSharp.Client.xml");
        Assert.Contains("M:XcsSharp.Client.Port.AskAsync", documents, StringComparison.Ordinal);

        XElement metadata = XDocument.Parse(Read(package, "XcsSharp.Client.nuspec")).Root!.Elements().First();
        XNamespace ns = metadata.Name.Namespace;
        Assert.Equal("XcsSharp.Client", metadata.Element(ns + "id")!.Value);
        Assert.Equal("0.1.0", metadata.Element(ns + "version")!.Value);
        Assert.Equal("The XcsSharp authors", metadata.Element(ns + "authors")!.Value);
        Assert.Equal("README.md", metadata.Element(ns + "readme")!.Value);
        Assert.Contains("xcsd", metadata.Element(ns + "description")!.Value, StringComparison.Ordinal);
        Assert.Equal(("expression", "MIT"), ((string)metadata.Element(ns + "license")!.Attribute("type")!, metadata.Element(ns + "license")!.Value));
        XElement group = Assert.Single(metadata.Element(ns + "dependencies")!.Elements());
        XElement dependency = Assert.Single(group.Elements());
        Assert.Equal(
            ("net10.0", "XcsSharp.Protocol", "0.1.0"),
            ((string)group.Attribute("targetFramework")!, (string)dependency.Attribute("id")!, (string)dependency.Attribute("version")!));
    }

    private static void CheckSymbols(string path)
    {
        using ZipArchive package = ZipFile.OpenRead(path);
        Assert.NotNull(package.GetEntry("lib/net10.0/XcsSharp.Client.pdb"));
    }

    private static string Read(ZipArchive package, string name)
    {
        using StreamReader reader = new(package.GetEntry(name)?.Open() ?? throw new FileNotFoundException(name));
        return reader.ReadToEnd();
    }

    private static string LockFile(string root, string project)
        => File.ReadAllText(Path.Combine(root, "src", project, "packages.lock.json"));

    private static string Configuration()
        => AppContext.BaseDirectory.Contains("/Debug/", StringComparison.Ordinal) ? "Debug" : "Release";

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "XcsSharp.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
