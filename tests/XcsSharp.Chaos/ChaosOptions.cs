using System.Globalization;

namespace XcsSharp.Chaos;

/// <summary>What was asked for on the command line.</summary>
/// <param name="Duration">How long things go wrong.</param>
/// <param name="Seed">Of all that is chosen.</param>
/// <param name="Without">Troubles that are left out, to find which of them it was.</param>
/// <param name="Crowd">Lying guests beside the few that there always are; each is some ten descriptors of this process.</param>
internal sealed record ChaosOptions(TimeSpan Duration, ulong Seed, IReadOnlyList<string> Without, int Crowd)
{
    public const string Usage = "usage: xcs-chaos [--seconds N] [--seed N] [--crowd N] [--without TROUBLE]...";

    private const int MostSeconds = 7 * 24 * 3600;
    private const int MostGuests = 4000;

    /// <returns>Null, and what is wrong.</returns>
    public static ChaosOptions? Parse(string[] arguments, ulong anySeed, out string problem)
    {
        int seconds = 120;
        ulong seed = anySeed;
        int crowd = 0;
        List<string> without = [];
        problem = "";
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : "";
            bool understood = arguments[i] switch
            {
                "--seconds" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is > 0 and <= MostSeconds,
                "--seed" => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seed),
                "--crowd" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out crowd) && crowd <= MostGuests,
                "--without" => value.Length > 0,
                _ => false,
            };
            if (!understood)
            {
                problem = $"'{arguments[i]} {value}' is not understood";
                return null;
            }

            if (arguments[i] == "--without")
            {
                without.Add(value);
            }
        }

        return new ChaosOptions(TimeSpan.FromSeconds(seconds), seed, without, crowd);
    }
}
