using System.Globalization;

namespace XcsSharp.Daemon.Settings;

/// <summary>Texts of settings and their values. A unit is never guessed: "5" is not a duration.</summary>
internal static class SettingText
{
    private static readonly (string Unit, double Seconds)[] s_durationUnits =
        [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)];

    private static readonly (string Unit, long Bytes)[] s_sizeUnits =
        [("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024), ("K", 1024), ("M", 1024 * 1024), ("B", 1)];

    /// <summary>Accepts a number with ms, s, m or h, and hh:mm:ss.</summary>
    public static bool TryParseDuration(string text, out TimeSpan value)
    {
        foreach ((string unit, double seconds) in s_durationUnits)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(
                    text.AsSpan(0, text.Length - unit.Length).Trim(),
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out double number)
                && number * seconds <= TimeSpan.MaxValue.TotalSeconds / 2)
            {
                value = TimeSpan.FromSeconds(number * seconds);
                return true;
            }
        }

        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value)
            && text.Contains(':', StringComparison.Ordinal);
    }

    /// <summary>Accepts a whole number, with or without KiB, MiB, GiB (also K, M, B).</summary>
    public static bool TryParseBytes(string text, out long value)
    {
        long factor = 1;
        ReadOnlySpan<char> digits = text;
        foreach ((string unit, long bytes) in s_sizeUnits)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                factor = bytes;
                digits = text.AsSpan(0, text.Length - unit.Length).Trim();
                break;
            }
        }

        bool fits = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue / factor;
        value = fits ? number * factor : 0;
        return fits;
    }

    public static bool TryParseCount(string text, out int value)
        => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    /// <summary>Octal digits; a JSON number such as 660 arrives as the same text.</summary>
    public static bool TryParseMode(string text, out int value)
    {
        value = 0;
        if (text.Length is < 3 or > 4)
        {
            return false;
        }

        foreach (char digit in text)
        {
            if (digit is < '0' or > '7')
            {
                return false;
            }

            value = (value * 8) + (digit - '0');
        }

        return value <= 0x1FF;
    }

    public static bool IsAbsolutePath(string text)
        => text.StartsWith('/') && !text.EndsWith('/') && !text.Contains('\0', StringComparison.Ordinal);

    public static string Format(TimeSpan value)
        => value switch
        {
            { TotalSeconds: < 1 } when value > TimeSpan.Zero => $"{value.TotalMilliseconds:0}ms",
            { TotalHours: >= 1 } when value.Minutes == 0 => $"{value.TotalHours:0}h",
            { TotalMinutes: >= 1 } when value.Seconds == 0 => $"{value.TotalMinutes:0}m",
            _ => $"{value.TotalSeconds:0}s",
        };

    public static string FormatBytes(long value)
        => value switch
        {
            >= 1024 * 1024 when value % (1024 * 1024) == 0 => $"{value / (1024 * 1024)} MiB",
            >= 1024 when value % 1024 == 0 => $"{value / 1024} KiB",
            _ => $"{value} B",
        };
}
