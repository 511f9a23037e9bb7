using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// What <c>xcsd-switchover</c> meets in dom0, played: systemctl and the other programs that it calls, with what they change as files in a private
/// folder. A real dom0 is in tests/xenlab/systemd; here each of its steps can fail.
/// </summary>
internal sealed class SwitchoverDom0 : IDisposable
{
    /// <summary>
    /// All programs, each by its name. What runs and what is enabled are files. A call that changes something is a step; the step that <c>fault</c> names
    /// fails, or ends the script by a signal before it is done or behind it.
    /// </summary>
    private const string Programs =
        """
        #!/bin/sh
        cd "${0%/*}/.." || exit
        program=${0##*/}
        has() { [ -e "$1" ]; }
        step() {
            echo "$program $*" >>steps
            has fault || return 0
            read -r at how <fault
            [ "$(wc -l <steps)" -eq "$at" ] || return 0
            case $how in
                fails) exit 1 ;;
                done-*) trap 'kill -s "${how#done-}" "$PPID"' EXIT ;;
                *) kill -s "$how" "$PPID"; exit 1 ;;
            esac
        }
        start() {
            [ "$1" != xcsd.service ] || ! has broken || { rm -f "active/$1"; exit 1; }
            [ "$1" != xenconsoled.service ] || echo 4711 >xenconsoled
            touch "active/$1"
        }
        stop() {
            [ "$1" != xenconsoled.service ] || ! has "active/$1" || rm -f xenconsoled
            rm -f "active/$1"
        }
        case $program in
            id) echo 0; exit ;;
            pidof) cat xenconsoled 2>/dev/null; exit ;;
            start-stop-daemon) step "$@"; has stubborn || rm -f xenconsoled; exit 0 ;;
            systemd-run) step "$@"; start xenconsoled.service; exit 0 ;;
        esac
        verb=$1
        shift
        case $verb in
            show)
                [ "$3" != xenconsoled.service ] || has own || { [ "$2" = Transient ] && has "active/$3" && echo yes; exit 0; }
                case $2 in
                    LoadState) if has "masked/$3"; then echo masked; else echo loaded; fi ;;
                    Transient) echo no ;;
                esac
                exit ;;
            is-active) has "active/$2"; exit ;;
            is-enabled) has "enabled/$2"; exit ;;
        esac
        step "$verb" "$@"
        now=no
        for unit in "$@"; do
            case $verb,$unit in
                *,--now) now=yes ;;
                *,-*) ;;
                enable,*) touch "enabled/$unit" ;;
                disable,*) rm -f "enabled/$unit"; [ $now = no ] || stop "$unit" ;;
                start,* | restart,*) start "$unit" ;;
                stop,*) stop "$unit" ;;
            esac
        done
        """;

    private readonly PrivateDirectory _directory = new("switchover");
    private readonly bool _hasOwnUnit;

    /// <summary>xenconsoled runs, as after a boot.</summary>
    /// <param name="hasOwnUnit">It is a unit; otherwise the init script of Debian starts it.</param>
    public SwitchoverDom0(bool hasOwnUnit)
    {
        _hasOwnUnit = hasOwnUnit;
        foreach (string folder in (string[])["bin", "active", "enabled", "masked", "run", "etc/default", "etc/init.d", "etc/systemd/system"])
        {
            Directory.CreateDirectory(_directory[folder]);
        }

        foreach (string program in (string[])["systemctl", "pidof", "start-stop-daemon", "systemd-run", "id", "etc/init.d/xen"])
        {
            string path = _directory[program.Contains('/', StringComparison.Ordinal) ? program : $"bin/{program}"];
            File.WriteAllText(path, Programs);
            File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("755", 8));
        }

        string script = File.ReadAllText(Path.Combine(Repository.Root, "systemd/xcsd-switchover"));
        File.WriteAllText(
            _directory["script"],
            script.Replace("=/etc/", $"={_directory["etc"]}/", StringComparison.Ordinal).Replace("=/run/", $"={_directory["run"]}/", StringComparison.Ordinal));
        Put("xenconsoled", "4711\n");
        if (hasOwnUnit)
        {
            Put("own");
            Put("active/xenconsoled.service");
            Put("enabled/xenconsoled.service");
        }
    }

    /// <summary>Whether each is running.</summary>
    public (bool Xcsd, bool Xenconsoled) Running => (Has("active/xcsd.service"), Has("xenconsoled"));

    /// <summary>What the next boot will start, as systemd and the init script decide it.</summary>
    public (bool Xcsd, bool Xenconsoled) AtBoot => (
        Has("enabled/xcsd.service"),
        _hasOwnUnit ? Has("enabled/xenconsoled.service") : !Has("etc/systemd/system/xen.service.d/xcsd.conf"));

    /// <summary>The calls so far that changed something.</summary>
    public IReadOnlyList<string> Steps => Has("steps") ? File.ReadAllLines(_directory["steps"]) : [];

    public void Put(string file, string text = "") => File.WriteAllText(_directory[file], text);

    public void Remove(string file) => File.Delete(_directory[file]);

    public Task<ChildResult> RunAsync(string word)
        => ChildProcess.RunAsync(
            "sh",
            [_directory["script"], word],
            Lab.Cancel,
            new ChildOptions { Environment = new Dictionary<string, string> { ["PATH"] = $"{_directory["bin"]}:/usr/sbin:/usr/bin:/sbin:/bin" } });

    public async Task<string> StatusAsync() => (await RunAsync("status")).Output;

    public void Dispose() => _directory.Dispose();

    private bool Has(string file) => File.Exists(_directory[file]);
}
