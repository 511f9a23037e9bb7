namespace XcsSharp.Reference;

/// <summary>A file that is made from the code.</summary>
/// <param name="Path">Below the repository's root.</param>
/// <param name="Text">All of it.</param>
public sealed record ReferenceFile(string Path, string Text);

/// <summary>What <c>./build.sh docs</c> writes: the reference, and a schema for each JSON document.</summary>
public static class ReferenceFiles
{
    public const string Reference = "src/XcsSharp.Protocol/REFERENCE.md";
    public const string Schemas = "src/XcsSharp.Protocol/Schemas";

    public static IReadOnlyList<ReferenceFile> Make()
    {
        DocComments comments = new();
        IReadOnlyList<PrintedDocument> documents = PrintedDocument.All(comments);
        return
        [
            new ReferenceFile(Reference, new ReferenceText(comments, documents).Make()),
            .. documents.Select(static one => new ReferenceFile($"{Schemas}/{one.FileName}", one.Schema)),
            new ReferenceFile($"{Schemas}/{RecordLine.Name}.json", RecordLine.Schema),
        ];
    }

    /// <summary>Schemas of documents that are no more, below <paramref name="root"/>.</summary>
    public static IReadOnlyList<string> StrayIn(string root)
    {
        HashSet<string> made = [.. Make().Select(static file => file.Path)];
        string folder = Path.Combine(root, Schemas);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder).Select(file => $"{Schemas}/{Path.GetFileName(file)}").Where(file => !made.Contains(file))]
            : [];
    }
}
