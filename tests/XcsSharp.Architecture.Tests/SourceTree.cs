using System.Xml.Linq;

namespace XcsSharp.Architecture.Tests;

/// <summary>The checkout as files: what the rules of the house are held against.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every project below src, by its name.</summary>
    public static IEnumerable<string> Projects
        => Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)!)
            .Order(StringComparer.Ordinal);

    public static XDocument ProjectFile(string project)
        => XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));

    public static IEnumerable<string> ReferencesOf(string project)
        => ProjectFile(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)!);

    /// <summary>The C# files of a project, generated ones left out.</summary>
    public static IEnumerable<string> SourcesOf(string project)
        => CSharpBelow(Path.Combine(Root, "src", project));

    public static IEnumerable<string> CSharpBelow(string folder)
        => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal)
                && !path.Contains("/bin/", StringComparison.Ordinal));

    /// <summary>The code of a file without comments and string contents, so that prose cannot break a rule.</summary>
    public static IEnumerable<(int Line, string Code)> CodeOf(string path)
    {
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            int comment = line.IndexOf("//", StringComparison.Ordinal);
            yield return (number, comment < 0 ? line : line[..comment]);
        }
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "XcsSharp.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("no XcsSharp.sln above " + AppContext.BaseDirectory);
    }
}
