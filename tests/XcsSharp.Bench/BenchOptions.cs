using System.Globalization;

using XcsSharp.TestKit;

namespace XcsSharp.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record BenchOptions
{
    /// <summary>A part of the points and shorter orders: under two minutes.</summary>
    public bool Quick { get; private init; }

    /// <summary>A missed bar is a failure.</summary>
    public bool Check { get; private init; }

    /// <summary>How many guests the switch has, one after the other.</summary>
    public IReadOnlyList<int> Guests { get; private init; } = [];

    /// <summary>Of one order to the guests, in milliseconds.</summary>
    public int Order { get; private init; }

    /// <summary>Where bench.json and the plots go.</summary>
    public string Folder { get; private init; } = "";

    /// <summary>None: all.</summary>
    public IReadOnlyList<string> Scenarios { get; private init; } = [];

    /// <returns>Null for what is not understood; <paramref name="problem"/> says it.</returns>
    public static BenchOptions? Parse(string[] args, IReadOnlyList<string> scenarios, out string problem)
    {
        BenchOptions options = new();
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            BenchOptions? more = args[i] switch
            {
                "--quick" => options with { Quick = true },
                "--check" => options with { Check = true },
                "--guests" => Numbers(value) is { Length: > 0 } guests ? options with { Guests = guests } : null,
                "--order" => Numbers(value) is [int order] ? options with { Order = order } : null,
                "--out" => value.Length > 0 ? options with { Folder = value } : null,
                string scenario => scenarios.Contains(scenario) ? options with { Scenarios = [.. options.Scenarios, scenario] } : null,
            };
            if (more is null)
            {
                problem = $"'{args[i]}{(value.Length > 0 ? " " + value : "")}' is not understood";
                return null;
            }

            options = more;
            i += args[i] is "--guests" or "--order" or "--out" ? 1 : 0;
        }

        problem = "";
        return options with
        {
            Guests = options.Guests.Count > 0 ? options.Guests : options.Quick ? [1, 64, 256, 4000] : [1, 8, 64, 256, 1000, 4000],
            Order = options.Order > 0 ? options.Order : options.Quick ? 250 : 1000,
            Folder = options.Folder.Length > 0 ? options.Folder : Path.GetDirectoryName(Executables.Directory)!,
        };
    }

    private static int[] Numbers(string list)
    {
        int[] numbers = [.. list.Split(',').Select(static word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0)];
        return numbers.All(static number => number is > 0 and <= 100_000) ? numbers : [];
    }
}
