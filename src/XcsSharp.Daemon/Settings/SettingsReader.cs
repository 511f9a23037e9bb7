using System.Text;

using Microsoft.Extensions.Configuration;

namespace XcsSharp.Daemon.Settings;

/// <summary>
/// Reads file, environment and command line, the later one winning, and checks every name and value before anything
/// is opened. All faults are reported at once.
/// </summary>
internal static class SettingsReader
{
    private const string EnvironmentPrefix = "XCSD_";

    /// <exception cref="StartFailure">Something is wrong with them; the message says how to mend each.</exception>
    public static XcsdSettings Read(CommandLine commandLine)
    {
        Layer[] layers =
        [
            ReadFile(commandLine.SettingsFile),
            new("in the environment", static key => EnvironmentPrefix + key.Replace(":", "__", StringComparison.Ordinal),
                Flatten(new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix))),
            new("on the command line", static key => "--" + key, commandLine.Settings),
        ];

        var faults = new List<string>();
        foreach (Layer layer in layers)
        {
            faults.AddRange(UnknownNames(layer));
        }

        var settings = new XcsdSettings();
        foreach (Setting setting in SettingsTable.All)
        {
            Layer? from = Array.FindLast(layers, layer => layer.Values.ContainsKey(setting.Key));
            string text = from is null ? setting.Default : from.Values[setting.Key]?.Trim() ?? "";
            if (!setting.TryApply(settings, text))
            {
                faults.Add(
                    $"{setting.Key} is '{Shorten(text)}' ({from?.Describe(setting.Key) ?? "default"}): "
                    + $"it must be {setting.Allowed}. The default is '{setting.Default}'.");
            }
        }

        faults.AddRange(Conflicts(settings));
        return faults.Count == 0 ? settings : throw Refused(faults);
    }

    private static IEnumerable<string> UnknownNames(Layer layer)
    {
        foreach (string key in layer.Values.Keys)
        {
            if (SettingsTable.Find(key) is null)
            {
                string advice = SettingsTable.Nearest(key) is { } nearest
                    ? $"did you mean {layer.Spell(nearest)}?"
                    : "xcsd --help lists all there are.";
                yield return $"unknown setting {Shorten(layer.Describe(key))}: {advice}";
            }
        }
    }

    private static IEnumerable<string> Conflicts(XcsdSettings settings)
    {
        (string Key, string Path)[] sockets =
        [
            ("Sockets:Xcs", settings.Sockets.Xcs),
            ("Sockets:Classic", settings.Sockets.Classic),
            ("Sockets:Console", settings.Sockets.Console),
        ];
        for (int i = 0; i < sockets.Length; i++)
        {
            for (int j = i + 1; j < sockets.Length; j++)
            {
                if (sockets[i].Path == sockets[j].Path && sockets[i].Path.Length > 0)
                {
                    yield return $"{sockets[i].Key} and {sockets[j].Key} are both '{sockets[i].Path}': "
                        + "each socket needs a path of its own.";
                }
            }
        }

        if (settings.Consoles.InputLog && string.IsNullOrEmpty(settings.Consoles.LogDirectory))
        {
            yield return "Consoles:InputLog is on, and Consoles:LogDirectory is empty: give a folder for what is typed, or leave Consoles:InputLog off.";
        }
    }

    private static Layer ReadFile(string? named)
    {
        string path = named ?? CommandLine.DefaultSettingsFile;
        try
        {
            using FileStream file = File.OpenRead(path);
            return new Layer("in " + path, static key => key, Flatten(new ConfigurationBuilder().AddJsonStream(file)));
        }
        catch (Exception e) when (named is null && e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Layer("in " + path, static key => key, new Dictionary<string, string?>());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure(
                ExitCode.BadSettings,
                $"cannot read the settings file {path}: {e.Message}",
                "Name a file that exists and can be read with --settings, or leave --settings away.",
                e);
        }
        catch (Exception e) when (e is FormatException or System.Text.Json.JsonException or InvalidDataException or InvalidOperationException)
        {
            // The last is what the parser says of half a surrogate pair.
            throw new StartFailure(
                ExitCode.BadSettings,
                $"the settings file {path} is not the JSON that was expected: {e.InnerException?.Message ?? e.Message}",
                """It holds sections of settings, such as { "Sockets": { "Mode": "0660" } }.""",
                e);
        }
    }

    private static Dictionary<string, string?> Flatten(IConfigurationBuilder builder)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        KeyValuePair<string, string?>[] entries = [.. builder.Build().AsEnumerable()];
        foreach ((string key, string? value) in entries)
        {
            // A section is listed too, with a null value. Left out where its settings speak for it, or where it
            // is a known one; what remains is an empty unknown section, such as "Sokets": {}.
            string prefix = key + ":";
            bool isSection = value is null
                && (Array.Exists(entries, other => other.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                    || Array.Exists(SettingsTable.All, s => s.Key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)));
            if (!isSection)
            {
                values[key] = value;
            }
        }

        return values;
    }

    private static StartFailure Refused(List<string> faults)
    {
        var message = new StringBuilder(faults.Count == 1 ? "a setting is wrong" : $"{faults.Count} settings are wrong");
        foreach (string fault in faults)
        {
            message.Append("\n  ").Append(fault);
        }

        return new StartFailure(ExitCode.BadSettings, message.ToString(), "xcsd --help lists all settings.");
    }

    private static string Shorten(string text) => text.Length <= 120 ? text : string.Concat(text.AsSpan(0, 117), "...");

    /// <summary>One source of settings, as in "in the environment", and how a name is written there.</summary>
    private sealed record Layer(string Place, Func<string, string> Spell, IReadOnlyDictionary<string, string?> Values)
    {
        public string Describe(string key) => $"{Spell(key)} {Place}";
    }
}
