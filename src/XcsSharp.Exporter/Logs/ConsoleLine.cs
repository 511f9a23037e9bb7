namespace XcsSharp.Exporter.Logs;

/// <summary>Which console of which life of a domain: what is followed by one <see cref="ConsoleFollower"/>.</summary>
/// <param name="Domid">Of the domain.</param>
/// <param name="Uuid">Tells lives of a domid apart, also over restarts of the daemon.</param>
/// <param name="Suffix">What its name has behind the domain's.</param>
internal readonly record struct ConsoleKey(string Domid, string Uuid, string Suffix)
{
    /// <summary>What <c>LOG</c> calls it: by its number, since names may be anything.</summary>
    public string Target => Domid + Suffix;
}

/// <summary>One line that a guest has printed, without control sequences and without its end.</summary>
/// <param name="Console">Where.</param>
/// <param name="Domain">The domain's name then.</param>
/// <param name="Time">When its end was read.</param>
/// <param name="Text">At most <see cref="LineSplitter.MostBytes"/> of UTF-8.</param>
internal sealed record ConsoleLine(ConsoleKey Console, string Domain, DateTimeOffset Time, string Text);
