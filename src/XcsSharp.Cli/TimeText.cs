using System.Globalization;

namespace XcsSharp.Cli;

/// <summary>A moment of the past as an operator writes it.</summary>
internal static class TimeText
{
    /// <summary>Completes the sentence "give …".</summary>
    public const string Allowed
        = "how long ago, such as 30s, 10m, 2h or 1d; a time of today or of yesterday, 08:00 or 08:00:30; or a date and a time, 2026-11-29T08:00, at its end Z for UTC or +02:00";

    private static readonly string[] s_clockForms = ["H:mm", "H:mm:ss"];

    private static readonly string[] s_dateForms =
    [
        "yyyy-MM-dd", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss",
        "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];

    /// <param name="text">One of the forms of <see cref="Allowed"/>; without a zone it is local time.</param>
    /// <param name="now">In local time.</param>
    /// <param name="time">The moment. A time of day that is still to come today was yesterday.</param>
    public static bool TryParse(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        time = default;
        if (text.Length > 1 && UnitOf(text[^1]) is { } unit
            && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number * unit <= TimeSpan.FromDays(36_500).TotalSeconds)
        {
            time = now - TimeSpan.FromSeconds(number * unit);
            return true;
        }

        if (TimeOnly.TryParseExact(text, s_clockForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly clock))
        {
            DateTime at = now.Date + clock.ToTimeSpan();
            time = new DateTimeOffset(at <= now.DateTime ? at : at.AddDays(-1), now.Offset);
            return true;
        }

        return DateTimeOffset.TryParseExact(
            text, s_dateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out time)
            && time >= DateTimeOffset.UnixEpoch;
    }

    private static double? UnitOf(char unit) => unit switch
    {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => null,
    };
}
