using System.Text;

using XcsSharp.Consoles;
using XcsSharp.Daemon;
using XcsSharp.Daemon.Settings;
using XcsSharp.Fuzz.Engine;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// The settings file, the command line and the file of rights. Either it is taken, and then nothing behind it finds fault with it; or it is
/// refused with a remedy. No other exception.
/// </summary>
internal sealed class SettingsTarget : IFuzzTarget, IAccounts
{
    /// <summary>On both sides of nearly every range.</summary>
    private static readonly string[] s_values =
        ["", "0", "1", "-1", "99999", "1073741825", "4095", "4096", "64 KiB", "1 GiB", "65 GiB", "0s", "99ms", "100ms", "1h", "999h", "0777", "1777", "/x", "/x/", "x", "on", "off", "raw"];

    private readonly string _path = Path.Combine("/dev/shm", $"xcs-fuzz-{Environment.ProcessId}.json");

    public int MaxLength => 300;

    public IEnumerable<byte[]> Seeds =>
    [
        [0, .. """{ "Sockets": { "Mode": "0660" }, "Consoles": { "LogBytes": "16 MiB", "KeepAfterEnd": "10m" } }"""u8],
        [0, .. """{ "Sockets": { "Xcs": "/a", "Console": "/a" }, "Switching": { "RequestQueue": 64 }, "Sokets": {} } // x"""u8],
        [0, .. """{ "Consoles": [ 1, null, { "a": true } ] }"""u8],
        [1, .. "--Consoles:Rings=off\n--Switching:UnboundGrace\n5s\n--Handlers:Shutdown=on"u8],
        [2, .. """{"rules": [ {"group": "ops", "right": "admin"}, {"user": "7", "domains": ["web*"], "right": "view"}, ] }"""u8],
        .. Enumerable.Range(0, SettingsTable.All.Length).Select(static setting => new byte[] { 3, (byte)setting, 4 }), [3, 12, 9, 30, 4, 2, 18], [4, .. "1.5h"u8], [4, .. "64 KiB"u8], [4, .. "0660"u8], [4, .. "00:00:05"u8],
    ];

    public IReadOnlyList<byte[]> Words =>
    [
        .. SettingsTable.All.Select(static setting => Encoding.UTF8.GetBytes($"--{setting.Key}={setting.Default}\n")),
        "\""u8.ToArray(), "{"u8.ToArray(), "}"u8.ToArray(), "\":"u8.ToArray(), "null"u8.ToArray(), "[]"u8.ToArray(), "\\u0000"u8.ToArray(), "\\ud800"u8.ToArray(), "1e999"u8.ToArray(),
        "GiB"u8.ToArray(), "ms"u8.ToArray(), "2147483648"u8.ToArray(), "-1"u8.ToArray(), "\"right\":"u8.ToArray(), "\"domains\":"u8.ToArray(), "/"u8.ToArray(), "//"u8.ToArray(), "99999999999999999999"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        byte what = input.Byte();
        switch (what % 5)
        {
            case 0:
                File.WriteAllBytes(_path, input.Rest.ToArray());
                Read(["--settings", _path]);
                break;
            case 1:
                Read(["--Hypervisor:Backend=sim", .. Encoding.UTF8.GetString(input.Rest).Split('\n')]);
                break;
            case 2:
                ReadAccess(input.Rest);
                break;
            case 3:
                Read(Choose(ref input));
                break;
            default:
                JudgeValue(Encoding.UTF8.GetString(input.Rest));
                break;
        }
    }

    public void Dispose() => File.Delete(_path);

    uint? IAccounts.FindUser(string name) => name.Length % 2 == 0 ? 1000u : null;

    uint? IAccounts.FindGroup(string name) => name.Length % 2 == 0 ? 100u : null;

    /// <summary>Settings by their numbers: letters that make their names would come together too seldom.</summary>
    private static string[] Choose(ref FuzzInput input)
    {
        List<string> arguments = [];
        while (!input.IsEmpty && arguments.Count < 4)
        {
            string key = SettingsTable.All[input.Byte() % SettingsTable.All.Length].Key;
            arguments.Add($"--{key}={s_values[input.Byte() % s_values.Length]}");
        }

        return [.. arguments];
    }

    private static void Read(string[] arguments)
    {
        try
        {
            CommandLine commandLine = CommandLine.Parse(arguments);
            XcsdSettings settings = SettingsReader.Read(commandLine);
            string? problem = settings.Consoles.Problems().FirstOrDefault();
            Expect.That(problem is null, $"settings are taken that the consoles refuse: {problem}");
            Expect.That(settings.Sockets.Mode is >= 0 and <= 0x1ff && settings.Sockets.Xcs.StartsWith('/'), "settings are within their ranges");
        }
        catch (StartFailure refused)
        {
            Expect.That(refused.ExitCode == ExitCode.BadSettings, "wrong settings have their own exit code");
            Expect.That(refused.Message.Length > 10 && refused.Remedy.Length > 10, "wrong settings have a message and a remedy");
        }
    }

    private void ReadAccess(ReadOnlySpan<byte> text)
    {
        try
        {
            _ = AccessFile.Parse(text, this, 0);
        }
        catch (FormatException refused)
        {
            Expect.That(refused.Message.Length > 20, "a wrong policy has a message");
        }
    }

    private static void JudgeValue(string text)
    {
        if (SettingText.TryParseDuration(text, out TimeSpan duration))
        {
            Expect.That(SettingText.Format(duration).Length > 0, "a duration can be shown");
        }

        if (SettingText.TryParseBytes(text, out long bytes))
        {
            Expect.That(bytes >= 0, "a size is not negative");
            bool isSmall = SettingText.TryParseBytes(SettingText.FormatBytes(bytes), out long again);
            Expect.That(!isSmall || again == bytes, "a size that is shown is the same size");
        }

        if (SettingText.TryParseMode(text, out int mode))
        {
            Expect.That(mode is >= 0 and <= 0x1ff && Convert.ToInt32(text, 8) == mode, "a mode is octal");
        }
    }
}
