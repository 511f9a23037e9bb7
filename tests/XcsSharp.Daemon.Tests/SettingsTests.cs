using Mono.Unix;

using XcsSharp.Daemon.Settings;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Every setting there is: where its range ends, and that the daemon looks at it before it opens anything.</summary>
public sealed class SettingsTests
{
    private const int BadSettings = 2;

    private static readonly string s_longPath = "/" + new string('x', 103);

    /// <summary>Just outside of what is allowed, and its two ends where it is a range.</summary>
    private static readonly (string Name, string[] Wrong, string[] Ends)[] s_settings =
    [
        ("Hypervisor:Backend", ["kvm", ""], []),
        ("Hypervisor:SimMachine", ["relative", "/ends/in/"], []),
        ("Sockets:Xcs", ["", "relative", s_longPath], []),
        ("Sockets:Classic", ["relative", s_longPath], []),
        ("Sockets:Console", ["", "relative", s_longPath], []),
        ("Sockets:Mode", ["1777", "0668", "66", "00660"], ["0600", "0777"]),
        ("Sockets:Group", ["with:colon", "a-name-that-has-more-than-32-bytes"], []),
        ("Sockets:AccessFile", ["relative"], []),
        ("Consoles:Rings", ["maybe", ""], ["on", "off"]),
        ("Consoles:HypervisorLog", ["yes", "1"], ["on", "off"]),
        ("Consoles:PtyDirectory", ["relative"], []),
        ("Consoles:SocketDirectory", ["relative", "/" + new string('x', 64), "/" + new string('ä', 32)], []),
        ("Consoles:TerminalOutput", ["none", ""], ["safe", "strip", "raw"]),
        ("Consoles:LogDirectory", ["relative"], []),
        ("Consoles:LogBytes", ["4095", "1073741825", "-1"], ["4 KiB", "1 GiB"]),
        ("Consoles:LogFiles", ["-1", "1001"], ["0", "1000"]),
        ("Consoles:LogOutput", ["none", ""], ["safe", "strip", "raw"]),
        ("Consoles:LogTimestamps", ["local", ""], ["off", "utc"]),
        ("Consoles:LogCompress", ["zstd", ""], ["off", "gzip"]),
        ("Consoles:InputLog", ["yes", ""], ["on", "off"]),
        ("Consoles:Journal", ["yes", ""], ["on", "off"]),
        ("Consoles:JournalSocket", ["", "relative", s_longPath], []),
        ("Consoles:BootBytes", ["-1", "16777217"], ["0", "16 MiB"]),
        ("Consoles:HistoryBytes", ["4095", "1073741825", "-1"], ["4 KiB", "1 GiB"]),
        ("Consoles:TotalHistoryBytes", ["1048575", "68719476737", "-1", "17179869185 GiB"], ["1 MiB", "68719476736"]),
        ("Consoles:SpoolBytes", ["67108865", "-1"], ["0", "64 MiB"]),
        ("Consoles:KeepAfterEnd", ["-1s", "604801s", "10"], ["0s", "168h"]),
        ("Consoles:MaxViewersPerConsole", ["0", "65537"], ["1", "65536"]),
        ("Consoles:MaxConnections", ["0", "65537"], ["1", "65536"]),
        ("Consoles:MaxConnectionsPerUser", ["0", "65537"], ["1", "65536"]),
        ("Consoles:ViewerQueueBytes", ["4095", "16777217"], ["4096", "16 MiB"]),
        ("Consoles:Exclusive", ["allow", ""], ["deny", "typing", "viewing"]),
        ("Consoles:RequestTimeout", ["99ms", "3601s", "5"], ["100ms", "1h"]),
        ("Consoles:LingerTimeout", ["99ms", "3601s"], ["100ms", "01:00:00"]),
        ("Switching:UnboundGrace", ["-1s", "601s"], ["0s", "10m"]),
        ("Switching:ResponseTimeout", ["99ms", "3601s"], ["0.1s", "60m"]),
        ("Switching:SessionWindow", ["-1s", "3601s"], ["0s", "1h"]),
        ("Switching:FirstRecordTimeout", ["99ms", "601s"], ["100ms", "10m"]),
        ("Switching:SessionQueueBytes", ["65535", "268435457"], ["64 KiB", "256 MiB"]),
        ("Switching:RequestQueue", ["0", "65537"], ["1", "65536"]),
        ("Switching:GuestBytesPerSecond", ["1", "65535", "1073741825", "-1"], ["0", "64 KiB", "1 GiB"]),
        ("Switching:MaxSessions", ["0", "65537"], ["1", "65536"]),
        ("Handlers:AnswerTimeout", ["99ms", "601s", "10"], ["100ms", "10m"]),
        ("Handlers:Shutdown", ["yes", ""], ["on", "off"]),
        ("Handlers:Memory", ["yes", ""], ["on", "off"]),
        ("Handlers:Sample", ["yes", ""], ["on", "off"]),
        ("Xcs:LogFile", ["relative"], []),
    ];

    [Fact]
    public async Task Every_setting_is_in_the_table_of_these_tests()
    {
        ChildResult help = await ChildProcess.RunAsync(Executables.Daemon, ["--help"], Lab.Cancel, new() { Name = "xcsd" });

        IEnumerable<string> listed = help.Output.Split('\n')
            .Select(static line => line.Trim().Split(' ')[0])
            .Where(static word => word.Contains(':', StringComparison.Ordinal) && !word.StartsWith('-') && !word.EndsWith(':'));
        Assert.Equal(listed, s_settings.Select(static setting => setting.Name));
    }

    [Fact]
    public async Task What_is_just_out_of_range_is_refused_for_every_setting_all_faults_at_once()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        for (int round = 0; round < s_settings.Max(static setting => setting.Wrong.Length); round++)
        {
            string[] arguments = [.. s_settings.Select(setting => $"--{setting.Name}={setting.Wrong[round % setting.Wrong.Length]}")];

            ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, arguments);

            Assert.Equal(BadSettings, result.ExitCode);
            Assert.All(s_settings, setting => Assert.Contains($"\n  {setting.Name} is '", result.Error, StringComparison.Ordinal));
            Assert.Contains($"{s_settings.Length} settings are wrong", result.Error, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(places.PtyDirectory));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_ends_of_every_range_are_allowed(int end)
    {
        string[] arguments =
        [
            .. s_settings.Where(static setting => setting.Ends.Length > 0)
                .Select(setting => $"--{setting.Name}={setting.Ends[end]}"),
        ];
        await using Lab lab = await Lab.StartAsync(arguments);

        Assert.Equal(lab.Daemon.Pid, (await lab.StatusAsync()).Pid);
    }

    [Fact]
    public async Task The_sockets_get_the_mode_and_the_group_that_were_asked_for()
    {
        UnixGroupInfo? group = FindAnotherGroup();
        Assert.SkipWhen(group is null, "neither root nor in a second group: a file can not be given to another group");
        await using Lab lab = await Lab.StartAsync("--Sockets:Mode=0622", $"--Sockets:Group={group.GroupName}");

        foreach (string path in (string[])[lab.Places.Xcs, lab.Places.Classic, lab.Places.Console])
        {
            UnixFileSystemInfo socket = UnixFileSystemInfo.GetFileSystemEntry(path);
            Assert.Equal((group.GroupId, 0x192), (socket.OwnerGroupId, (int)socket.FileAccessPermissions));
        }
    }

    [Fact]
    public async Task A_group_that_does_not_exist_ends_the_start_and_leaves_nothing()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);

        ChildResult result = await XcsdDaemon.RunAsync(places, Lab.Cancel, ["--Sockets:Group=no-such-group"]);

        Assert.Equal(BadSettings, result.ExitCode);
        Assert.Contains("groupadd", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at XcsSharp", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(places.Xcs) || File.Exists(places.Classic) || File.Exists(places.Console));
    }

    /// <summary>Found by the fuzzer of the settings file: the parser's own words for it are no FormatException.</summary>
    [Fact]
    public void Half_a_surrogate_pair_in_the_settings_file_is_refused_with_a_remedy()
    {
        using PrivateDirectory place = new("settings");
        File.WriteAllText(place["xcsd.json"], """{ "Sockets": { "Group": "\ud800" } }""");

        StartFailure refused = Assert.Throws<StartFailure>(
            () => SettingsReader.Read(CommandLine.Parse(["--settings", place["xcsd.json"]])));

        Assert.Equal(BadSettings, refused.ExitCode);
        Assert.Contains(place["xcsd.json"], refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(refused.Remedy);
    }

    /// <summary>A group that this process may give files to, other than the one that they have anyway.</summary>
    private static UnixGroupInfo? FindAnotherGroup()
    {
        UnixUserInfo user = UnixUserInfo.GetRealUser();
        return UnixGroupInfo.GetLocalGroups().FirstOrDefault(group => group.GroupId != user.GroupId
            && (user.UserId == 0 || group.GetMemberNames().Contains(user.UserName)));
    }
}
