using System.Text;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// A machine as the documents speak of it: guests of those names, everything that is off by default turned on, and a folder with the files that commands name.
/// The places of the documents are mapped to the private ones.
/// </summary>
internal sealed class DocumentMachine : IAsyncDisposable
{
    /// <summary>What each guest has printed.</summary>
    public const string Printed = "is up";

    private readonly Lab _lab;
    private readonly PrivateDirectory _folder;

    private DocumentMachine(Lab lab, PrivateDirectory folder)
    {
        _lab = lab;
        _folder = folder;
    }

    public static async Task<DocumentMachine> StartAsync()
    {
        SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        Lab lab = await Lab.StartAsync(
            machine, "--Handlers:Shutdown=on", "--Handlers:Memory=on", $"--Consoles:SocketDirectory={new DaemonPlaces(machine).SocketDirectory}");
        DocumentMachine made = new(lab, new PrivateDirectory("doc"));
        try
        {
            foreach (string name in (string[])["web", "web1", "db"])
            {
                GuestProgram guest = lab.Own(GuestProgram.Start(machine, new GuestOptions(name), ["console", "--on-shutdown", "answer", "--on-memory", "0"]));
                await lab.ConnectedAsync(name);
                await guest.WriteAsync($"{name} {Printed}\n", Lab.Cancel);
                await OperatorQuery.WaitForListAsync(
                    lab.Places.Console, list => list.Domains.Any(domain => domain.Name == name && domain.BytesOut > 0), $"output of {name}", Lab.Cancel);
            }

            await made.PrepareFilesAsync();
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    public Lab Lab => _lab;

    /// <summary>A shell that runs a command of the documents, in the folder with the files.</summary>
    public ChildProcess Start(string command)
    {
        Dictionary<string, string> environment = new(_lab.Machine.Environment)
        {
            ["PATH"] = $"{Executables.Directory}:/usr/sbin:/usr/bin:/sbin:/bin",
            ["XCS_CONSOLE_SOCKET"] = _lab.Places.Console,
            ["TESTS"] = Path.Combine(AppContext.BaseDirectory, "XcsSharp.Daemon.Tests"),
            ["HOME"] = _folder.Path,
            ["LC_ALL"] = "C.UTF-8",
        };
        return ChildProcess.Start("bash", ["-c", $"cd {_folder.Path}; exec 2>&1; {Mapped(command)}"], new() { Name = command, Environment = environment });
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>The places of an installed daemon, and of the simulated machine in its README.</summary>
    private string Mapped(string command) => command
        .Replace("/run/xcs", Path.GetDirectoryName(_lab.Places.Console)!, StringComparison.Ordinal)
        .Replace("/var/log/xcs", _lab.Places.LogDirectory, StringComparison.Ordinal)
        .Replace("/dev/shm/m1", _folder["m1"], StringComparison.Ordinal);

    private async Task PrepareFilesAsync()
    {
        File.Copy(Path.Combine(Repository.Root, "src/XcsSharp.Client/Capture/xcs.lua"), _folder["xcs.lua"]);
        await File.WriteAllTextAsync(_folder["guest"], "#!/bin/sh\nexec true\n", Lab.Cancel);
        File.SetUnixFileMode(_folder["guest"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        // A capture as somebody would make it: of a message that a guest sends while a dump looks on.
        await using ChildProcess dump = ChildProcess.Start(
            Executables.Cli,
            ["--socket", _lab.Places.Console, "dump", "--xcs-socket", _lab.Places.Xcs, "--count", "1", "--pcap", _folder["web.pcapng"]]);
        await dump.Error.WaitForTextAsync("; ^C ends\n", Lab.Cancel);
        GuestProgram talker = _lab.Own(GuestProgram.StartConsole(_lab.Machine, new GuestOptions("talker")));
        await talker.WriteAsync(Encoding.ASCII.GetBytes("hello\n"), Lab.Cancel);
        Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
    }
}
