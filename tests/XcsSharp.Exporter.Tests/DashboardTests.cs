using System.Text.Json;
using System.Text.RegularExpressions;

using XcsSharp.TestKit;

namespace XcsSharp.Exporter.Tests;

/// <summary>The dashboard asks for what there is.</summary>
public sealed partial class DashboardTests
{
    [Fact]
    public async Task Each_name_that_the_dashboard_asks_for_is_served()
    {
        await using ExporterLab lab = await ExporterLab.StartAsync();
        Dictionary<string, string> types = (await lab.ScrapeAsync()).Types;
        HashSet<string> served = [];
        foreach ((string name, string type) in types)
        {
            served.UnionWith(type == "histogram" ? [name + "_bucket", name + "_sum", name + "_count"] : [name]);
        }

        string[] asked = [.. Expressions().SelectMany(static expression => Name().Matches(expression)).Select(static match => match.Value).Distinct()];
        Assert.True(asked.Length > 20, $"the dashboard asks for {asked.Length} names");
        Assert.Empty(asked.Except(served));
    }

    [Fact]
    public void Each_panel_has_a_title_a_place_of_its_own_and_asks_for_something()
    {
        using JsonDocument dashboard = Read();
        HashSet<(int X, int Y)> taken = [];
        HashSet<int> ids = [];
        foreach (JsonElement panel in dashboard.RootElement.GetProperty("panels").EnumerateArray())
        {
            string title = panel.GetProperty("title").GetString()!;
            Assert.NotEmpty(title);
            Assert.True(ids.Add(panel.GetProperty("id").GetInt32()), title);
            Assert.NotEmpty(panel.GetProperty("targets").EnumerateArray());
            JsonElement place = panel.GetProperty("gridPos");
            (int left, int top) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32());
            for (int x = left; x < left + place.GetProperty("w").GetInt32(); x++)
            {
                for (int y = top; y < top + place.GetProperty("h").GetInt32(); y++)
                {
                    Assert.True(x < 24 && taken.Add((x, y)), $"{title} lies over another panel");
                }
            }
        }
    }

    /// <summary>What Prometheus is asked, with the dashboard's variables filled in.</summary>
    internal static IReadOnlyList<string> Expressions()
    {
        using JsonDocument dashboard = Read();
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .SelectMany(static panel => panel.GetProperty("targets").EnumerateArray())
                .Select(static target => target.GetProperty("expr").GetString()!.Replace("$__rate_interval", "10s", StringComparison.Ordinal).Replace("$domain", ".*", StringComparison.Ordinal)),
            .. dashboard.RootElement.GetProperty("templating").GetProperty("list").EnumerateArray()
                .Where(static variable => variable.GetProperty("type").GetString() == "query")
                .Select(static variable => LabelValues().Match(variable.GetProperty("query").GetProperty("query").GetString()!).Groups[1].Value),
        ];
    }

    private static JsonDocument Read() => JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "systemd/grafana/xcs.json")));

    [GeneratedRegex("xcs_[a-z_]+")]
    private static partial Regex Name();

    [GeneratedRegex("^label_values\\((.+), [a-z]+\\)$")]
    private static partial Regex LabelValues();
}
