using Mono.Unix.Native;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// Somebody was at each path that the daemon makes before it was, with a link to another's file or something else that is not a file of ours.
/// Whatever the daemon does about it, what stood behind is as it was, and who reads the log knows.
/// </summary>
public sealed class PlantedPathTests
{
    private const string Secret = "another's file\n";

    public static TheoryData<string, Plant> AtStart()
    {
        TheoryData<string, Plant> rows = [];
        foreach (string place in (string[])["xcs.sock", "xcs_socket", "console.sock", "xcs.sock.lock", "xcs_socket.lock", "console.sock.lock"])
        {
            foreach (Plant plant in Enum.GetValues<Plant>())
            {
                rows.Add(place, plant);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(AtStart))]
    public async Task At_a_sockets_place_or_its_locks_the_daemon_does_not_start_and_says_what_to_do(string place, Plant plant)
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        Planted planted = new(machine, machine[place], plant);
        ChildResult result = await XcsdDaemon.RunAsync(new DaemonPlaces(machine), Lab.Cancel, []);
        Assert.Equal(3, result.ExitCode);
        Assert.Contains(machine[place], result.Error, StringComparison.Ordinal);
        Assert.Contains("remove it, or choose another place with --Sockets:", result.Error, StringComparison.Ordinal);
        planted.CheckUnchanged();
    }

    [Theory]
    [InlineData("guest-web.log")]
    [InlineData("typed-web.log")]
    public async Task At_a_logs_place(string name)
    {
        foreach (Plant plant in Enum.GetValues<Plant>())
        {
            SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
            DaemonPlaces places = new(machine);
            Directory.CreateDirectory(places.LogDirectory);
            string path = Path.Combine(places.LogDirectory, name);
            Planted planted = new(machine, path, plant);
            await using Lab lab = await Lab.StartAsync(machine, "--Consoles:InputLog=on");
            await PrintAndTypeAsync(lab);
            if (plant == Plant.HardLink)
            {
                Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
                Assert.Contains("word", await File.ReadAllTextAsync(path, Lab.Cancel), StringComparison.Ordinal);
                Assert.Equal(Secret, await File.ReadAllTextAsync(path + ".1", Lab.Cancel));
                planted.CheckVictim();
                continue;
            }

            await lab.Daemon.Process.Error.WaitForTextAsync(path, Lab.Cancel);
            planted.CheckUnchanged();
        }
    }

    [Theory]
    [InlineData("pty/web")]
    [InlineData("console/web.sock")]
    [InlineData("console/web.sock.lock")]
    public async Task At_the_place_of_a_terminals_link_or_a_consoles_socket_the_console_works_all_the_same(string place)
    {
        foreach (Plant plant in Enum.GetValues<Plant>())
        {
            SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
            DaemonPlaces places = new(machine);
            Directory.CreateDirectory(places.PtyDirectory);
            Directory.CreateDirectory(places.SocketDirectory);
            Planted planted = new(machine, machine[place], plant);
            await using Lab lab = await Lab.StartAsync(machine, $"--Consoles:SocketDirectory={places.SocketDirectory}");
            await PrintAndTypeAsync(lab);
            planted.CheckUnchanged();

            // It has another name then, or none; the log says why.
            ConsoleEntry console = (await lab.ListAsync()).Domains.Single().Consoles!.Single();
            Assert.NotEqual(machine[place], place.StartsWith("pty", StringComparison.Ordinal) ? console.Pty : console.Socket);
            await lab.Daemon.Process.Error.WaitForTextAsync(machine[place], Lab.Cancel);
        }
    }

    [Fact]
    public async Task At_the_spools_place_the_daemon_does_without_it()
    {
        foreach (Plant plant in Enum.GetValues<Plant>())
        {
            SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
            Planted planted = new(machine, machine["console.sock.spool"], plant);
            await using Lab lab = await Lab.StartAsync(machine);
            await PrintAndTypeAsync(lab);
            await lab.Daemon.Process.Error.WaitForTextAsync("Without a spool", Lab.Cancel);
            Assert.Equal(0, await lab.Daemon.TerminateAsync(Lab.Cancel));
            planted.CheckUnchanged();
        }
    }

    [Theory]
    [InlineData("xcs.pid")]
    [InlineData("xcs.log")]
    public async Task At_the_places_of_a_detached_xcs(string place)
    {
        foreach (Plant plant in Enum.GetValues<Plant>())
        {
            SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
            await using DetachedXcs xcs = new(new DaemonPlaces(machine));
            Planted planted = new(machine, machine[place], plant);
            ChildResult result = await xcs.RunAsync();
            planted.CheckVictim();
            if (place == "xcs.pid" && plant is Plant.HardLink or Plant.Pipe)
            {
                // Replaced by a file of its own.
                Assert.Equal(0, result.ExitCode);
                continue;
            }

            Assert.Equal(3, result.ExitCode);
            Assert.Contains(machine[place], result.Error, StringComparison.Ordinal);
            Assert.Contains("Remove what is there", result.Error, StringComparison.Ordinal);
            planted.CheckUnchanged();
            planted.Remove();
        }
    }

    private static async Task PrintAndTypeAsync(Lab lab)
    {
        Transcript typed = new("guest");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web", input: typed.Append);
        Transcript seen = new("viewer");
        ConsoleSocket viewer = await lab.AttachAsync("web", seen.Append);
        await guest.WriteAsync("word\r\n"u8.ToArray(), Lab.Cancel);
        await seen.WaitForTextAsync("word", Lab.Cancel);
        await viewer.SendAsync("word\r"u8.ToArray(), Lab.Cancel);
        await typed.WaitForTextAsync("word\r", Lab.Cancel);
    }

    public enum Plant
    {
        Link,
        DanglingLink,
        LinkToDirectory,
        HardLink,
        Pipe,
    }

    private sealed class Planted
    {
        private readonly string _path;
        private readonly string _victim;
        private readonly Plant _plant;
        private readonly string _before;

        public Planted(SimMachine machine, string path, Plant plant)
        {
            _path = path;
            _plant = plant;
            _victim = machine["victim"];
            if (plant is Plant.LinkToDirectory)
            {
                Directory.CreateDirectory(_victim);
            }
            else if (plant is not Plant.DanglingLink)
            {
                File.WriteAllText(_victim, Secret);
                File.SetUnixFileMode(_victim, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            int made = plant switch
            {
                Plant.HardLink => Syscall.link(_victim, path),
                Plant.Pipe => Syscall.mkfifo(path, FilePermissions.S_IRUSR | FilePermissions.S_IWUSR),
                _ => Syscall.symlink(_victim, path),
            };
            Assert.Equal(0, made);
            _before = Look(path);
        }

        public void CheckVictim()
        {
            switch (_plant)
            {
                case Plant.DanglingLink:
                    Assert.False(Path.Exists(_victim), "the link was followed");
                    break;
                case Plant.LinkToDirectory:
                    Assert.Empty(Directory.GetFileSystemEntries(_victim));
                    break;
                default:
                    Assert.Equal(Secret, File.ReadAllText(_victim));
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_victim));
                    break;
            }
        }

        /// <summary>And what was planted is there.</summary>
        public void CheckUnchanged()
        {
            CheckVictim();
            Assert.Equal(_before, Look(_path));
        }

        public void Remove() => File.Delete(_path);

        private static string Look(string path)
        {
            Assert.Equal(0, Syscall.lstat(path, out Stat found));
            return $"{found.st_ino} {found.st_mode} {found.st_uid} {found.st_nlink}";
        }
    }
}
