using System.Globalization;
using System.Text.RegularExpressions;

using Mono.Unix.Native;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The demo's traffic, as xcsctl dump prints it and as Wireshark reads its capture: it must be what the demo sent.</summary>
public sealed partial class DumpDemoTests
{
    private const string Tshark = "/usr/bin/tshark";
    private const int Bytes = 100_000;
    private const ulong Seed = 42;
    private const string AllHere = "SHUTDOWN POWEROFF";

    private static readonly string s_demo = Path.Combine(AppContext.BaseDirectory, "xcs-demo.dll");

    [Fact]
    public async Task Text_and_capture_of_the_demo_have_every_message_that_it_sent()
    {
        Assert.SkipUnless(File.Exists(Tshark), $"{Tshark} is missing (package tshark)");
        using PrivateDirectory folder = new("demo");
        await using ChildProcess demo = ChildProcess.Start(
            "dotnet", [s_demo, "--check", "--hold", "--seed", $"{Seed}", "--bytes", $"{Bytes}"],
            new ChildOptions { Environment = new Dictionary<string, string> { ["XCS_BIN"] = Executables.Directory } });
        await demo.Output.WaitForTextAsync("Enter starts the bytes.\n", Lab.Cancel);
        Match sockets = Sockets().Match(demo.Output.Text);
        await using ChildProcess text = await DumpAsync(sockets);
        await using ChildProcess capture = await DumpAsync(sockets, "--pcap", folder["demo.pcapng"]);

        await demo.Input.WriteAsync("\n"u8.ToArray(), Lab.Cancel);
        await demo.Input.FlushAsync(Lab.Cancel);
        await demo.Output.WaitForTextAsync("Enter ends it.\n", Lab.Cancel);
        DomainList sent = await OperatorQuery.ListAsync(sockets.Groups["console"].Value, Lab.Cancel);
        await EndAsync(sockets, sent, text, capture, folder["demo.pcapng"]);
        demo.Signal(Signum.SIGINT);
        Assert.Equal(130, await demo.WaitAsync(Lab.Cancel));

        string[] lines = text.Output.Text.Lines();
        string[][] packets = await PacketsAsync(folder);
        Lab.Print($"{lines.Length} lines, {packets.Length} packets");
        Assert.Equal($"xcsctl: {packets.Length} messages written", capture.Error.Text.Lines()[^1]);
        Assert.Equal(lines.Select(Described), packets.Select(Described));
        Assert.All(sent.Domains.Where(domain => domain.Name != "xen"), domain => AssertSent(domain, packets));
    }

    private static void AssertSent(DomainEntry domain, string[][] packets)
    {
        string[][] requests = [.. packets.Where(packet => packet is [_, var domid, "9", ..] && domid == $"{domain.Domid}")];
        byte[] said = [.. requests.SelectMany(packet => Convert.FromHexString(packet[4]))];
        Assert.Equal(domain.Requests, (ulong)requests.Length);
        Assert.All(requests, packet => Assert.Equal((domain.Name, "0"), (packet[0], packet[3])));
        Assert.Equal(new SeededStream(Seed).Fork($"{domain.Name} out").Take(0, Bytes), said);
    }

    private static async Task<ChildProcess> DumpAsync(Match sockets, params string[] arguments)
    {
        ChildProcess dump = ChildProcess.Start(
            Executables.Cli,
            [
                "--socket", sockets.Groups["console"].Value, "dump", "--xcs-socket", sockets.Groups["xcs"].Value, .. arguments,
            ]);
        await dump.Error.WaitForTextAsync("; ^C ends\n", Lab.Cancel);
        return dump;
    }

    /// <summary>Lets a guest say one thing more. A session's messages come in order, so who has that has all.</summary>
    private static async Task EndAsync(Match sockets, DomainList sent, ChildProcess text, ChildProcess capture, string file)
    {
        using RecordSubscriber last = await RecordSubscriber.ConnectAsync(sockets.Groups["xcs"].Value, Lab.Cancel);
        ControlMessage ask = ControlMessage.Create(MessageType.Shutdown, 0, 99, []);
        uint web = sent.Domains.Single(domain => domain.Name == "web").Domid;
        await last.Data.SendAsync(XcsRecord.ForMessage(RecordType.Request, web, 0, ask), Lab.Cancel);
        await text.Output.WaitForTextAsync(AllHere, Lab.Cancel);
        while (!(await Dumping.DumpFileAsync(file, "--type", "shutdown")).Contains(AllHere, StringComparison.Ordinal))
        {
            await Task.Delay(10, Lab.Cancel);
        }

        foreach (ChildProcess dump in (ChildProcess[])[text, capture])
        {
            dump.Signal(Signum.SIGINT);
            Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
        }
    }

    /// <summary>Name, domid, record, type, payload: a row a packet.</summary>
    private static async Task<string[][]> PacketsAsync(PrivateDirectory folder)
    {
        ChildResult shown = await ChildProcess.RunAsync(
            Tshark,
            [
                "-n", "-X", $"lua_script:{Dumping.Dissector()}", "-r", folder["demo.pcapng"], "-T", "fields",
                .. ((string[])["xcs.name", "xcs.domid", "xcs.record", "xcs.type", "xcs.data", "xcs.length", "xcs.misfit"])
                    .SelectMany(field => new[] { "-e", field }),
            ],
            Lab.Cancel,
            new ChildOptions { Environment = new Dictionary<string, string> { ["HOME"] = folder.Path, ["LC_ALL"] = "C.UTF-8" } });
        Assert.True(shown.ExitCode == 0, shown.Error);
        string[][] packets = [.. shown.Output.Lines().Select(line => line.Split('\t'))];
        Assert.All(packets, packet => Assert.Equal("", packet[6]));
        return packets;
    }

    /// <summary>Who said what, of a printed line.</summary>
    private static string Described(string line)
    {
        Match parts = Line().Match(line);
        Assert.True(parts.Success, line);
        return string.Join(' ', parts.Groups.Values.Skip(1).Select(part => part.Value));
    }

    /// <summary>The same of a packet.</summary>
    private static string Described(string[] packet) => string.Create(
        CultureInfo.InvariantCulture,
        $"{packet[0]} {packet[1]} {(packet[2] == "9" ? "request" : "response")} {(packet[3] == "0" ? "CONSOLE" : "SHUTDOWN")} {packet[5]}");

    [GeneratedRegex(@"Held: --socket (?<console>\S+) --xcs-socket (?<xcs>\S+);")]
    private static partial Regex Sockets();

    [GeneratedRegex(@"^\S+ (\w+)\((\d+)\) +-> (request|response) +(\w+) \w+ +id +\d+ len +(\d+)")]
    private static partial Regex Line();
}
