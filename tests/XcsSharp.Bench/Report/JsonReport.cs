using System.Text.Json;

namespace XcsSharp.Bench.Report;

/// <summary>The same for programs: every value of every round, and the bars.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Write(Results results, IReadOnlyList<Target> targets, string path)
        => File.WriteAllText(path, JsonSerializer.Serialize(new { At = DateTimeOffset.UtcNow, Series = results.All, Targets = targets }, s_options));
}
