namespace XcsSharp.Daemon.Tests;

/// <summary>What is known of a documented command that is not simply run to its end with nothing typed.</summary>
/// <param name="Command">As the document has it.</param>
internal abstract record CommandRow(string Command);

/// <summary>It is run, with keys for its standard input.</summary>
internal sealed record Typed(string Command, string Keys) : CommandRow(Command);

/// <summary>It runs on; once it has said this, a SIGINT ends it.</summary>
internal sealed record RunsOn(string Command, string Says) : CommandRow(Command);

/// <summary>Another command is run in its place, which shows the same.</summary>
internal sealed record StandIn(string Command, string Run, string Why) : CommandRow(Command);

/// <summary>It cannot be run here; that it does what it should is seen elsewhere.</summary>
/// <param name="Command">As the document has it.</param>
/// <param name="Why">What it needs that is not here.</param>
/// <param name="File">Where it is run, below the repository's root.</param>
/// <param name="Shows">A piece of that file without which this row is wrong.</param>
internal sealed record Elsewhere(string Command, string Why, string File, string Shows) : CommandRow(Command);

/// <summary>The table of <see cref="DocumentCommandsTests"/>.</summary>
internal static class CommandRows
{
    private const string Leave = "\x1d";
    private const string RealDom0 = "needs systemd and a real dom0";
    private const string LongBuild = "builds, for minutes";
    private const string Terminal = "is for a terminal, under somebody's hands";
    private const string LongFuzz = "fuzzes for minutes or hours; ./build.sh test runs check of the same program";
    private const string OneFuzzer = "replay | minimize | check | list | run) exec dotnet \"$fuzz_app/XcsSharp.Fuzz.dll\" \"$@\"";
    private const string Port = "takes a port of the machine that another may have; the tests choose theirs";
    private const string Cases = "tests/xenlab/systemd/cases/";

    public static IReadOnlyList<CommandRow> All { get; } =
    [
        // README.md
        new Elsewhere("./build.sh demo", Terminal, "tests/XcsSharp.Daemon.Tests/DemoTests.cs", "On_a_terminal_it_shows_guests_attaches_consoles_and_leaves_nothing"),
        new Elsewhere("./build.sh test", "is what runs this", ".ci/run", "./build.sh test"),
        new Elsewhere(
            "socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:/run/xcs/console/web1.sock", Terminal,
            "tests/XcsSharp.Daemon.Tests/TerminalToolsTests.cs", "socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:"),
        new Typed("xcsctl console web --since 10m", Leave),
        new Typed("xcsctl console web --from-boot", Leave),
        new Elsewhere("./build.sh package", LongBuild, "build.sh", "        package\n        exec tests/xenlab/systemd/run.sh \"$@\"\n"),
        new Elsewhere("apt install ./artifacts/packages/xcsd_0.1.0_amd64.deb", RealDom0, Cases + "76-package.sh", "dpkg -i \"$old\""),
        new Elsewhere("xcsd-switchover xcsd", RealDom0, Cases + "15-switchover.sh", "xcsd-switchover xcsd"),

        // systemd/man/xcsd-guide.7.in
        new Elsewhere("apt install ./xcsd_VERSION_amd64.deb", RealDom0, Cases + "76-package.sh", "dpkg -i \"$old\""),
        new Elsewhere("apt remove xcsd", RealDom0, Cases + "76-package.sh", "dpkg -r xcsd"),
        new Elsewhere("xcsd-switchover status", RealDom0, Cases + "15-switchover.sh", "xcsd-switchover status"),
        new Elsewhere("xcsd-switchover xenconsoled", RealDom0, Cases + "15-switchover.sh", "xcsd-switchover xenconsoled"),
        new Elsewhere("systemctl restart xcsd", RealDom0, Cases + "43-kept-terminals.sh", "systemctl restart xcsd"),
        new Elsewhere("journalctl -u xcsd", RealDom0, Cases + "60-journal.sh", "journalctl -q -u xcsd.service"),
        new Typed("xcsctl console web", Leave),
        new Typed("xcsctl console --read-only web", Leave),
        new Typed("xcsctl console --take web", Leave),
        new RunsOn("xcsctl log web -f", "web is up"),

        // native-shims/README.md
        new Elsewhere("make -C native-shims OUT=DIR [SANITIZE=address,undefined]", LongBuild, "build.sh", "make -s -C native-shims OUT=\"$bin\"\n"),
        new Elsewhere("make -C native-shims OUT=DIR [SANITIZE=address,undefined] check", LongBuild, "build.sh", "make -s -C native-shims OUT=\"$1\" ${2:+SANITIZE=$2} check"),
        new Elsewhere("make -C native-shims OUT=DIR xenctrl", "needs libxen-dev", "build.sh", "make -s -C native-shims OUT=\"$bin\" xenctrl"),
        new RunsOn("simxen machine /dev/shm/m1 &", "ready"),

        // src/XcsSharp.Exporter/README.md
        new Elsewhere("xcs-exporter", Port, "tests/XcsSharp.Exporter.Tests/ExporterLab.cs", "\"--listen\", Address"),
        new Elsewhere("xcs-exporter --otlp http://127.0.0.1:4318 --logs", Port, "tests/XcsSharp.Exporter.Tests/Otlp/OtlpTests.cs", "\"--logs\""),
        new Elsewhere("systemctl enable --now xcs-exporter", RealDom0, Cases + "76-package.sh", "systemctl enable --now xcs-exporter"),

        // src/XcsSharp.Client/Capture/README.md
        new Elsewhere(
            "wireshark -X lua_script:xcs.lua web.pcapng", "needs a graphical screen; tshark is the same program without one",
            "tests/XcsSharp.Client.Tests/Capture/DissectorTests.cs", "lua_script:"),

        // tests
        new Elsewhere("./build.sh", LongBuild, "build.sh", "run_tests() {\n    build\n"),
        new Elsewhere("dotnet test --project tests/XcsSharp.Daemon.Tests", "is what runs this", "build.sh", "dotnet test --solution XcsSharp.sln"),
        new StandIn(
            "dotnet run --project tests/XcsSharp.Daemon.Tests -- -class '*KillTests'",
            "\"$TESTS\" -class '*KillTests' -list classes | grep -q KillTests", "the tests are built, and running"),
        new StandIn(
            "dotnet run --project tests/XcsSharp.Daemon.Tests -- -method '*never_reads*' -showLiveOutput",
            "\"$TESTS\" -method '*never_reads*' -showLiveOutput -list methods | grep -q never_reads", "the tests are built, and running"),
        new Elsewhere(
            "./build.sh bench [--quick] [--check] [--guests N,N...] [--order MS] [--out DIR] [SCENARIO]...", LongBuild,
            "tests/XcsSharp.Daemon.Tests/BenchTests.cs", "\"--guests\", \"1,3\", \"--order\", \"20\", \"--out\""),
        new Elsewhere("./build.sh fuzz [SECONDS] [TARGET]...", LongFuzz, "build.sh", "dotnet \"$fuzz_app/XcsSharp.Fuzz.dll\" run --seconds \"$seconds\" \"$@\""),
        new Elsewhere("./build.sh fuzz run TARGET --executions 10000000 --seed 1", LongFuzz, "build.sh", OneFuzzer),
        new Elsewhere("./build.sh fuzz replay FILE...", LongFuzz, "build.sh", OneFuzzer),
        new Elsewhere("./build.sh fuzz minimize TARGET", LongFuzz, "build.sh", OneFuzzer),
        new Elsewhere("./build.sh fuzz check", LongBuild, "build.sh", "run_suite fuzz fuzz_check"),
        new Elsewhere("./build.sh lab", LongBuild, "build.sh", "begin_behind lab tests/xenlab/lab.sh"),
        new Elsewhere("./build.sh lab granted", LongBuild, "build.sh", "exec tests/xenlab/lab.sh \"$@\""),
        new Elsewhere("./build.sh lab --shell", Terminal, "tests/xenlab/lab.sh", "--shell"),
        new Elsewhere("./build.sh lab 90-bench", LongBuild, "tests/xenlab/cases/90-bench.sh", "when: on demand"),
        new Elsewhere("tests/xenlab/lab.sh [FILTER]...", "boots a real Xen", "build.sh", "begin_behind lab tests/xenlab/lab.sh"),
        new Elsewhere("make -C tests/xenlab/guest OUT=DIR XEN_HEADERS=DIR", "needs the headers of an unpacked libxen-dev", "tests/xenlab/images.sh", "XEN_HEADERS="),
    ];
}
