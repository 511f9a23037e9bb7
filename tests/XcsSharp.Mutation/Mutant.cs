using System.Globalization;
using System.Text.Json;

namespace XcsSharp.Mutation;

/// <summary>One change to the sources, which the mutated assembly has in it under a number.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Place">File and line.</param>
/// <param name="Before">The line as it is.</param>
/// <param name="After">What stands there instead.</param>
internal sealed record Mutant(int Id, string Place, string Before, string After)
{
    /// <summary>Those of a report that compile, and are not a part of another one.</summary>
    public static IReadOnlyList<Mutant> Read(string report)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(report));
        List<Mutant> mutants = [];
        foreach (JsonProperty file in document.RootElement.GetProperty("files").EnumerateObject())
        {
            string[] lines = file.Value.GetProperty("source").GetString()!.Split('\n');
            foreach (JsonElement mutant in file.Value.GetProperty("mutants").EnumerateArray())
            {
                if (mutant.GetProperty("status").GetString() is "Ignored" or "CompileError")
                {
                    continue;
                }

                int line = mutant.GetProperty("location").GetProperty("start").GetProperty("line").GetInt32();
                mutants.Add(new Mutant(
                    int.Parse(mutant.GetProperty("id").GetString()!, CultureInfo.InvariantCulture),
                    $"{Path.GetFileName(file.Name)}:{line}",
                    lines[line - 1].Trim(),
                    string.Join(' ', mutant.GetProperty("replacement").GetString()!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));
            }
        }

        return [.. mutants.OrderBy(static mutant => mutant.Id)];
    }
}
