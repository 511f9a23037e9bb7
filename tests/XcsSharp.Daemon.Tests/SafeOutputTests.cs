using System.Text;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What of a guest's output reaches terminals, viewers and logs, at each level; the filter itself has its own tests.</summary>
public sealed class SafeOutputTests
{
    private const string Output = "\x1b]0;owned\a\x1b]52;c;cm0=\x1b\\\x1b[31mred\x1b[m \x1b[6n\x1b[?1000hGrüße\u009b5n\r\n";
    private const string Safe = "\x1b[31mred\x1b[m Grüße\r\n";
    private const string Strip = "red Grüße\r\n";

    [Theory]
    [InlineData("safe", Safe, "strip", Strip)]
    [InlineData("strip", Strip, "raw", Output)]
    [InlineData("raw", Output, "safe", Safe)]
    public async Task Each_reader_gets_what_its_level_lets_through(
        string terminals, string seen, string logs, string logged)
    {
        await using Lab lab = await Lab.StartAsync($"--Consoles:TerminalOutput={terminals}", $"--Consoles:LogOutput={logs}");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript viewer = new("viewer");
        await lab.AttachAsync("web", viewer.Append);
        Transcript pty = new("pty");
        lab.OpenPty("web", pty.Append);

        await guest.WriteAsync(Output + "end", Lab.Cancel);
        await viewer.WaitForTextAsync("end", Lab.Cancel);
        await pty.WaitForTextAsync("end", Lab.Cancel);
        Assert.Equal(seen + "end", viewer.Text);
        Assert.Equal(seen + "end", pty.Text);

        ulong all = (ulong)Encoding.UTF8.GetByteCount(Output + "end");
        DomainList list = await OperatorQuery.WaitForListAsync(
            lab.Places.Console, now => now.Domains is [{ Consoles: [{ BytesLogged: var bytes }] }] && bytes == all, "the log", Lab.Cancel);
        Assert.Equal(logged + "end", await File.ReadAllTextAsync(list.Domains[0].Consoles![0].Log!, Lab.Cancel));
    }

    /// <summary>The original replaced ESC in its log alone; 8-bit CSI, OSC and DCS, and what goes to a terminal, passed.</summary>
    [Fact]
    public async Task D08_No_8_bit_control_character_reaches_a_terminal_a_viewer_or_a_log()
    {
        await using Lab lab = await Lab.StartAsync("--Consoles:TerminalOutput=safe", "--Consoles:LogOutput=safe");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript viewer = new("viewer");
        await lab.AttachAsync("web", viewer.Append);
        Transcript pty = new("pty");
        lab.OpenPty("web", pty.Append);

        byte[] controls = [.. Enumerable.Range(0x80, 0x20).Select(static code => (byte)code)];
        byte[] output =
            [.. "8-bit: "u8, .. controls, .. " \u009d0;owned\a UTF-8: "u8, .. Encoding.UTF8.GetBytes("\u009b5n\u00900q\u001b\\"), .. "end"u8];
        await guest.WriteAsync(output, Lab.Cancel);
        await viewer.WaitForTextAsync("end", Lab.Cancel);
        await pty.WaitForTextAsync("end", Lab.Cancel);
        DomainList list = await OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            static now => now.Domains is [{ Consoles: [{ BytesLogged: var logged, BytesOut: var all }] }] && logged == all && all > 0, "the log", Lab.Cancel);

        string log = await File.ReadAllTextAsync(list.Domains[0].Consoles![0].Log!, Lab.Cancel);
        foreach (string text in (string[])[viewer.Text, pty.Text, log])
        {
            Assert.Equal($"8-bit: {new string('?', controls.Length)}  UTF-8: end", text);
            Assert.DoesNotContain(text, char.IsControl);
        }
    }
}
