using System.Text;

using Mono.Unix;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Parts of the Debian package that can be looked at without making it: <c>./build.sh package --check</c> makes it twice.</summary>
public sealed class DebianPackageTests
{
    private static readonly string s_debian = Path.Combine(Repository.Root, "systemd", "debian");

    /// <summary>What says where it was built differs from one folder to the next, and so would the package.</summary>
    [Theory]
    [InlineData("xcsd")]
    [InlineData("xcsctl")]
    [InlineData("xcs-guest")]
    [InlineData("libxcs_xenctrl.so")]
    public async Task No_executable_says_where_it_was_built(string name)
    {
        string path = Path.Combine(Executables.Directory, name);
        Assert.SkipUnless(File.Exists(path) || !name.EndsWith(".so", StringComparison.Ordinal), $"{name} is not built here (package libxen-dev)");
        byte[] content = await File.ReadAllBytesAsync(path, Lab.Cancel);
        string packages = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget");
        Assert.All((string[])[Repository.Root + "/", packages], folder => Assert.Equal(-1, content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(folder))));
    }

    [Theory]
    [InlineData("postinst")]
    [InlineData("prerm")]
    [InlineData("postrm")]
    public async Task A_maintainer_script_is_one_of_the_plain_shells(string script)
    {
        ChildResult result = await ChildProcess.RunAsync("dash", ["-n", Path.Combine(s_debian, "xcsd." + script)], Lab.Cancel);
        Assert.Equal((0, "", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task The_settings_that_are_installed_are_understood_and_give_the_sockets_to_a_group()
    {
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        string settings = await File.ReadAllTextAsync(Path.Combine(s_debian, "xcsd.json"), Lab.Cancel);
        Assert.Contains("\"xcs\"", settings, StringComparison.Ordinal);
        string group = UnixGroupInfo.GetLocalGroups().First(static group => group.GroupId == Mono.Unix.Native.Syscall.getegid()).GroupName;
        await File.WriteAllTextAsync(
            new DaemonPlaces(machine).SettingsFile, settings.Replace("\"xcs\"", $"\"{group}\"", StringComparison.Ordinal), Lab.Cancel);
        await using Lab lab = await Lab.StartAsync(machine);
        Assert.Equal(group, new UnixFileInfo(lab.Places.Console).OwnerGroup.GroupName);
    }
}
