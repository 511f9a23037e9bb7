namespace XcsSharp.Daemon.Settings;

/// <summary>
/// One setting: its name, default, what is allowed, and how its text becomes a value. One definition serves
/// reading, checking, the message about a wrong value and <c>--help</c>, so that the four cannot disagree.
/// </summary>
/// <param name="Key">As in the file and on the command line: <c>Section:Name</c>.</param>
/// <param name="Default">As text; must itself be allowed.</param>
/// <param name="Allowed">Completes the sentence "it must be …".</param>
/// <param name="Meaning">One line for <c>--help</c>.</param>
/// <param name="TryApply">Stores the value; false when the text is not allowed.</param>
internal sealed record Setting(
    string Key,
    string Default,
    string Allowed,
    string Meaning,
    Func<XcsdSettings, string, bool> TryApply)
{
    /// <summary>The most bytes of a socket's path: sun_path less its final zero and the ".new" it is made under.</summary>
    private const int MaxSocketPath = 103;

    public static Setting Duration(
        string key, string standard, TimeSpan least, TimeSpan most, string meaning, Action<XcsdSettings, TimeSpan> store)
        => new(
            key,
            standard,
            $"a duration from {SettingText.Format(least)} to {SettingText.Format(most)}, such as 500ms, 5s or 2m",
            meaning,
            (settings, text) =>
            {
                bool fits = SettingText.TryParseDuration(text, out TimeSpan value) && value >= least && value <= most;
                if (fits)
                {
                    store(settings, value);
                }

                return fits;
            });

    public static Setting Bytes(
        string key, string standard, int least, int most, string meaning, Action<XcsdSettings, int> store)
        => Number(
            key,
            standard,
            $"a size from {SettingText.FormatBytes(least)} to {SettingText.FormatBytes(most)}, such as 65536, 64 KiB or 1 MiB",
            meaning,
            text => SettingText.TryParseBytes(text, out long value) && value >= least && value <= most ? (int)value : (int?)null,
            store);

    /// <summary>A size that may be larger than an array.</summary>
    public static Setting LongBytes(
        string key, string standard, long least, long most, string meaning, Action<XcsdSettings, long> store)
        => Number(
            key,
            standard,
            $"a size from {SettingText.FormatBytes(least)} to {SettingText.FormatBytes(most)}, such as 64 MiB or 1 GiB",
            meaning,
            text => SettingText.TryParseBytes(text, out long value) && value >= least && value <= most ? value : (long?)null,
            store);

    /// <summary>A size, or 0 for no limit.</summary>
    public static Setting BytesOrNone(
        string key, string standard, int least, int most, string meaning, Action<XcsdSettings, int> store)
        => Number(
            key,
            standard,
            $"0 for none, or a size from {SettingText.FormatBytes(least)} to {SettingText.FormatBytes(most)}, such as 512 KiB or 8 MiB",
            meaning,
            text => SettingText.TryParseBytes(text, out long value) && (value == 0 || (value >= least && value <= most))
                ? (int)value
                : (int?)null,
            store);

    public static Setting Count(
        string key, string standard, int least, int most, string meaning, Action<XcsdSettings, int> store)
        => Number(
            key,
            standard,
            $"a whole number from {least} to {most}",
            meaning,
            text => SettingText.TryParseCount(text, out int value) && value >= least && value <= most ? value : (int?)null,
            store);

    public static Setting Mode(string key, string standard, string meaning, Action<XcsdSettings, int> store)
        => Number(
            key,
            standard,
            "file permissions as three or four octal digits up to 0777, such as 0660",
            meaning,
            text => SettingText.TryParseMode(text, out int value) ? value : (int?)null,
            store);

    public static Setting SocketPath(
        string key, string standard, bool mayBeEmpty, string meaning, Action<XcsdSettings, string> store)
        => Text(
            key,
            standard,
            $"an absolute path of at most {MaxSocketPath} bytes" + (mayBeEmpty ? ", or empty for none" : ""),
            meaning,
            text => (mayBeEmpty && text.Length == 0)
                || (SettingText.IsAbsolutePath(text) && System.Text.Encoding.UTF8.GetByteCount(text) <= MaxSocketPath),
            store);

    public static Setting Directory(string key, string standard, string meaning, Action<XcsdSettings, string> store)
        => Text(
            key,
            standard,
            "an absolute path, or empty for none",
            meaning,
            text => text.Length == 0 || SettingText.IsAbsolutePath(text),
            store);

    public static Setting SocketDirectory(string key, int longest, string meaning, Action<XcsdSettings, string> store)
        => Text(
            key,
            "",
            $"an absolute path of at most {longest} bytes, or empty for none",
            meaning,
            text => text.Length == 0
                || (SettingText.IsAbsolutePath(text) && System.Text.Encoding.UTF8.GetByteCount(text) <= longest),
            store);

    public static Setting Group(string key, string standard, string meaning, Action<XcsdSettings, string> store)
        => Text(
            key,
            standard,
            "the name of a group, or empty for the daemon's own",
            meaning,
            static text => text.Length <= 32 && !text.AsSpan().ContainsAny(": \t\n/"),
            store);

    public static Setting Choice<T>(
        string key, string standard, string meaning, Action<XcsdSettings, T> store, params (string Word, T Value)[] choices)
        => new(
            key,
            standard,
            "one of " + string.Join(", ", choices.Select(static choice => choice.Word)),
            meaning,
            (settings, text) =>
            {
                foreach ((string word, T value) in choices)
                {
                    if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
                    {
                        store(settings, value);
                        return true;
                    }
                }

                return false;
            });

    public static Setting Switch(string key, string standard, string meaning, Action<XcsdSettings, bool> store)
        => Choice(key, standard, meaning, store, ("on", true), ("off", false));

    private static Setting Number<T>(
        string key, string standard, string allowed, string meaning, Func<string, T?> parse, Action<XcsdSettings, T> store)
        where T : struct
        => new(
            key,
            standard,
            allowed,
            meaning,
            (settings, text) =>
            {
                T? value = parse(text);
                if (value is { } number)
                {
                    store(settings, number);
                }

                return value is not null;
            });

    private static Setting Text(
        string key, string standard, string allowed, string meaning, Func<string, bool> fits, Action<XcsdSettings, string> store)
        => new(
            key,
            standard,
            allowed,
            meaning,
            (settings, text) =>
            {
                bool allowedText = fits(text);
                if (allowedText)
                {
                    store(settings, text);
                }

                return allowedText;
            });
}
