using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>A running <c>xcsctl dump</c> that the daemon already gives messages.</summary>
internal static class Dumping
{
    private const string Listening = "; ^C ends\n";

    public static async Task<ChildProcess> StartDumpAsync(this Lab lab, params string[] arguments)
    {
        ChildProcess dump = lab.Own(ChildProcess.Start(Executables.Cli, Arguments(lab, arguments)));
        await dump.Error.WaitForTextAsync(Listening, Lab.Cancel);
        return dump;
    }

    public static Task<ChildResult> DumpAsync(this Lab lab, params string[] arguments)
        => ChildProcess.RunAsync(Executables.Cli, Arguments(lab, arguments), Lab.Cancel);

    /// <summary>A shell that runs <paramref name="script"/> with the dump's words as <c>"$@"</c>, listening.</summary>
    public static async Task<ChildProcess> StartDumpInShellAsync(this Lab lab, string script, params string[] arguments)
    {
        ChildProcess shell = lab.Own(ChildProcess.Start(
            "/bin/bash", ["-c", script, "dump", Executables.Cli, .. Arguments(lab, arguments)],
            new ChildOptions { Environment = new Dictionary<string, string> { ["HOME"] = lab.Machine["home"], ["LC_ALL"] = "C.UTF-8" } }));
        await shell.Error.WaitForTextAsync(Listening, Lab.Cancel);
        return shell;
    }

    /// <summary>What a capture has, printed; also of one that is still written.</summary>
    public static async Task<string> DumpFileAsync(string file, params string[] arguments)
        => (await ChildProcess.RunAsync(Executables.Cli, ["dump", "--read", file, .. arguments], Lab.Cancel)).Output;

    /// <summary>Where xcs.lua is.</summary>
    public static string Dissector() => Path.Combine(Repository.Root, "src/XcsSharp.Client/Capture/xcs.lua");

    /// <summary>A guest that sends requests of one type, a line each.</summary>
    public static async Task<GuestProgram> GuestAsync(this Lab lab, string name, int type, bool classic = false)
    {
        GuestProgram guest = lab.Own(GuestProgram.Start(
            lab.Machine, new GuestOptions(name, Classic: classic), ["console", "--type", $"{type}"]));
        await lab.ConnectedAsync(name);
        return guest;
    }

    public static string[] Lines(this string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Arguments(Lab lab, string[] arguments)
        => ["dump", "--xcs-socket", lab.Places.Xcs, .. arguments.Contains("--socket") ? [] : ConsoleSocket(lab), .. arguments];

    private static string[] ConsoleSocket(Lab lab) => ["--socket", lab.Places.Console];
}
