using System.Text.Json;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Client.Tests.Commands;

/// <summary>One command of xcsctl: the shortest line that makes it do its work, and the daemon's part of it.</summary>
/// <param name="Name">The word.</param>
/// <param name="Arguments">Without which it makes no sense.</param>
internal sealed record CommandRow(string Name, params string[] Arguments)
{
    private static readonly string s_domains
        = JsonSerializer.Serialize(new DomainList([Samples.Domain(3, "web")]), OperatorJson.Default.DomainList);

    private static readonly string s_status = JsonSerializer.Serialize(Samples.Status, OperatorJson.Default.DaemonStatus);

    private static readonly string s_figures = JsonSerializer.Serialize(
        new FigureList(Samples.Status, [new GuestFigures(3, 1, "web", "connected", 2, 1536, 10, 0, 0)]), OperatorJson.Default.FigureList);

    /// <summary>All that there are.</summary>
    public static IReadOnlyList<CommandRow> All { get; } =
    [
        new("list") { Talk = [("LIST", $"OK\n{s_domains}\n")] },
        new("who") { Talk = [("WHO", "OK\n{\"consoles\":[]}\n")] },
        new("status") { Talk = [("STATUS", $"OK\n{s_status}\n")] },
        new("console", "web")
        {
            Options = ["--exit-on-eof"], Talk = [("ATTACH web follow mode=rw", "OK 3 web viewer=7 seat=writer\nlogin: ")], OutputIsGuests = true,
        },
        new("log", "web") { Talk = [("LOG web", "OK 3 web\nlogin: ")], OutputIsGuests = true },
        new("console-add", "web") { Talk = [("CONSOLE-ADD web", "OK 3 web#1\n")] },
        new("console-del", "web") { Talk = [("CONSOLE-DEL web", "OK 3 web#1\n")] },
        new("shutdown", "web") { Talk = [("SHUTDOWN web", "OK 3 web\n")] },
        new("reboot", "web") { Talk = [("REBOOT web", "OK 3 web\n")] },
        new("suspend", "web") { Talk = [("SUSPEND web", "OK 3 web\n")] },
        new("mem-set", "web", "512M") { Talk = [("MEM-SET web 131072p", "OK 3 web 131072 0\n")] },
        new("doctor") { Talk = [("STATUS", $"OK\n{s_status}\n"), ("LIST", $"OK\n{s_domains}\n")], Reports = true },
        new("upgrade") { Talk = [("UPGRADE", "OK 0.1.0 4711\n")] },
        new("top") { Options = ["--once", "--interval", "0.1"], Talk = [("TOP", $"OK\n{s_figures}\n"), ("TOP", $"OK\n{s_figures}\n")] },

        // What it does with a daemon has tests of its own; here it prints a capture, whose path is put in.
        new("dump") { Options = ["--read", Capture] },
    ];

    /// <summary>Stands for the path of a capture.</summary>
    public const string Capture = "CAPTURE";

    /// <summary>Options without which it would not end by itself.</summary>
    public string[] Options { get; init; } = [];

    /// <summary>What the daemon is asked, each on a connection of its own, and what it answers.</summary>
    public (string Request, string Answer)[] Talk { get; init; } = [];

    /// <summary>Its standard output is what a guest has printed; what <c>--json</c> says is on standard error.</summary>
    public bool OutputIsGuests { get; init; }

    /// <summary>A daemon that is not there, or refuses, is its finding and no failure of its own.</summary>
    public bool Reports { get; init; }

    /// <summary>Whether a person would be attached to it on a terminal, or see a picture.</summary>
    public bool IsForPeople => Name == "console";

    public static CommandRow Of(string name) => All.Single(row => row.Name == name);

    /// <summary>The whole line, behind <c>xcsctl</c>.</summary>
    public string[] Line(string capture) => [Name, .. Arguments, .. Options.Select(option => option == Capture ? capture : option)];
}
