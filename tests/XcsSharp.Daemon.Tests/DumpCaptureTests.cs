using System.Globalization;

using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>Captures of live traffic: written, piped into Wireshark's tools, printed again, replayed by a guest.</summary>
public sealed class DumpCaptureTests
{
    private const string Tshark = "/usr/bin/tshark";

    [Fact]
    public async Task Piped_into_tshark_every_value_is_what_the_guest_sent()
    {
        Assert.SkipUnless(File.Exists(Tshark), $"{Tshark} is missing (package tshark)");
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint domid) = await lab.ConsoleGuestAsync("web");
        int port = (await lab.ConnectedAsync("web")).LocalPort!.Value;
        Directory.CreateDirectory(lab.Machine["home"]);
        ChildProcess shell = await lab.StartDumpInShellAsync(
            $"\"$@\" | {Tshark} -n -X lua_script:{Dumping.Dissector()} -r - -T fields -e xcs.domid -e xcs.name -e xcs.port -e xcs.type -e xcs.id"
                + " -e xcs.length -e xcs.console.text; echo ended",
            "--pcap", "-", "--count", "2");
        await web.WriteAsync(new string('a', 60) + "bcd", Lab.Cancel);
        await shell.Output.WaitForTextAsync("ended\n", Lab.Cancel);
        Assert.Equal(
            [$"{domid}\tweb\t{port}\t0\t255\t60\t{new string('a', 60)}", $"{domid}\tweb\t{port}\t0\t255\t3\tbcd", "ended"],
            shell.Output.Text.Lines());
    }

    [Fact]
    public async Task A_packet_can_be_read_as_soon_as_it_has_come()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        ChildProcess dump = await lab.StartDumpAsync("--pcap", "-");
        long header = dump.Output.Length;
        await web.WriteAsync("x", Lab.Cancel);
        await dump.Output.WaitForLengthAsync(header + 128, Lab.Cancel);
        using MemoryStream soFar = new(dump.Output.ToArray());
        PcapngReader reader = new(soFar);
        Assert.True(reader.TryRead(out CapturedRecord record));
        Assert.Equal(("web", (byte)'x'), (record.DomainName, record.Record.Message.Data[0]));
    }

    [Fact]
    public async Task A_capture_is_printed_as_live_messages_are_with_the_same_filters()
    {
        await using Lab lab = await Lab.StartAsync();
        string file = await CaptureAsync(lab);
        ChildResult text = await lab.DumpAsync("--read", file);
        ChildResult disk = await lab.DumpAsync("--read", file, "--domain", "disk", "--json", "--abi", "packed32");
        ChildResult first = await lab.DumpAsync("--read", file, "--type", "blkif_fe", "--count", "1");
        ChildResult none = await lab.DumpAsync("--read", file, "--direction", "to-guest");
        Assert.All((ChildResult[])[text, disk, first, none], result => Assert.Equal((0, ""), (result.ExitCode, result.Error)));
        Assert.Equal(["web", "disk", "web", "disk"], text.Output.Lines().Select(line => line.Split(' ', '(')[1]));
        Assert.Equal(2, disk.Output.Lines().Length);
        Assert.All(disk.Output.Lines(), line => Assert.Contains("\"abi\":\"packed32\"", line, StringComparison.Ordinal));
        Assert.Contains(" BLKIF_FE ", Assert.Single(first.Output.Lines()), StringComparison.Ordinal);
        Assert.Equal("", none.Output);

        string some = lab.Machine["some.pcapng"];
        Assert.Equal(0, (await lab.DumpAsync("--read", file, "--domain", "web", "--pcap", some)).ExitCode);
        Assert.Equal(
            text.Output.Lines().Where(line => line.Contains("web(", StringComparison.Ordinal)),
            (await lab.DumpAsync("--read", some)).Output.Lines());
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_or_read_is_exit_code_4_and_is_named()
    {
        await using Lab lab = await Lab.StartAsync();
        string file = await CaptureAsync(lab);
        byte[] whole = await File.ReadAllBytesAsync(file, Lab.Cancel);
        await AssertBadFileAsync(lab, "give another FILE", "--pcap", "/proc/xcs/new.pcapng");
        await AssertBadFileAsync(lab, "give another FILE", "--read", file, "--pcap", "/dev/full");
        await AssertBadFileAsync(lab, "give another FILE", "--read", file, "--pcap", file);
        Assert.Equal(whole, await File.ReadAllBytesAsync(file, Lab.Cancel));
        await AssertBadFileAsync(lab, "give the path of a pcapng file", "--read", lab.Machine["nothing"]);
        await AssertBadFileAsync(lab, "editcap", "--read", Executables.Simxen);
    }

    [Fact]
    public async Task Of_a_damaged_capture_the_whole_messages_are_shown_and_can_be_kept()
    {
        await using Lab lab = await Lab.StartAsync();
        string file = await CaptureAsync(lab);
        byte[] bytes = await File.ReadAllBytesAsync(file, Lab.Cancel);
        string whole = (await lab.DumpAsync("--read", file)).Output;

        await File.WriteAllBytesAsync(file, bytes[..^5], Lab.Cancel);
        string error = await AssertBadFileAsync(lab, "ends in the middle of a block", "--read", file);
        Assert.Contains("--count 3 --pcap NEW", error, StringComparison.Ordinal);

        bytes[^1] ^= 0x55;
        await File.WriteAllBytesAsync(file, bytes, Lab.Cancel);
        error = await AssertBadFileAsync(lab, "two lengths that differ", "--read", file);
        Assert.Contains("--count 3 --pcap NEW", error, StringComparison.Ordinal);

        string kept = lab.Machine["kept.pcapng"];
        Assert.Equal(0, (await lab.DumpAsync("--read", file, "--count", "3", "--pcap", kept)).ExitCode);
        Assert.Equal(whole.Lines()[..3], (await lab.DumpAsync("--read", kept)).Output.Lines());
    }

    [Fact]
    public async Task A_capture_with_flipped_bytes_is_printed_or_refused_with_a_reason_and_never_with_a_trace()
    {
        await using Lab lab = await Lab.StartAsync();
        string file = lab.Machine["made.pcapng"];
        await WriteAsync(file, [.. Messages(3)]);
        byte[] whole = await File.ReadAllBytesAsync(file, Lab.Cancel);
        ulong seed = SeededStream.ChooseSeed();
        Lab.Print(string.Create(CultureInfo.InvariantCulture, $"XCS_SEED={seed}"));
        Random random = new(unchecked((int)seed));
        int refused = 0;
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = [.. whole];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
            {
                // One in three in the blocks of the beginning, which say what the others are.
                damaged[random.Next(random.Next(3) == 0 ? 120 : damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            await File.WriteAllBytesAsync(file, damaged, Lab.Cancel);
            ChildResult shown = await lab.DumpAsync(i % 2 == 0 ? ["--read", file, "--json"] : ["--read", file]);
            Assert.True(shown.ExitCode is 0 or 4, $"round {i}: exit code {shown.ExitCode}: {shown.Error}");
            Assert.All(shown.Error.Lines(), line => Assert.StartsWith("xcsctl: ", line));
            Assert.Equal(shown.ExitCode == 4, shown.Error.Contains(file + ": ", StringComparison.Ordinal)
                || shown.Error.Contains(file + " ends in the middle", StringComparison.Ordinal));
            Assert.DoesNotContain(shown.Output, c => char.IsControl(c) && c != '\n');
            refused += shown.ExitCode == 4 ? 1 : 0;
        }

        Lab.Print($"{refused} of 60 refused");
        Assert.InRange(refused, 1, 59);
    }

    [Fact]
    public async Task Text_that_cannot_be_written_is_an_error_that_says_so()
    {
        await using Lab lab = await Lab.StartAsync();
        string file = lab.Machine["made.pcapng"];
        await WriteAsync(file, [.. Messages(3)]);
        foreach (string form in (string[])["", "--json", "--pcap -"])
        {
            ChildResult full = await ChildProcess.RunAsync(
                "/bin/bash", ["-c", $"\"$0\" dump --read \"$1\" {form} > /dev/full", Executables.Cli, file], Lab.Cancel);
            Lab.Print(full.Error);
            Assert.NotEqual(0, full.ExitCode);
            Assert.Contains("No space left on device", Assert.Single(full.Error.Lines()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Live_messages_are_read_in_the_layout_that_is_asked_for()
    {
        await using Lab lab = await Lab.StartAsync();
        GuestProgram disk = await lab.GuestAsync("disk", (int)MessageType.BlockFrontEnd);
        ChildProcess packed = await lab.StartDumpAsync("--json", "--count", "1", "--abi", "packed32");
        ChildProcess natural = await lab.StartDumpAsync("--json", "--count", "1");
        await disk.WriteAsync("0123456789", Lab.Cancel);
        Assert.Equal((0, 0), (await packed.WaitAsync(Lab.Cancel), await natural.WaitAsync(Lab.Cancel)));
        Assert.Contains("\"abi\":\"packed32\"", packed.Output.Text, StringComparison.Ordinal);
        Assert.Contains("\"abi\":\"natural64\"", natural.Output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replaying_guest_sends_the_same_messages_in_the_same_order()
    {
        await using Lab lab = await Lab.StartAsync();
        string file = lab.Machine["made.pcapng"];
        ControlMessage[] messages = [.. Messages(500)];
        await WriteAsync(file, messages);
        using RecordSubscriber subscriber = await lab.SubscribeAsync();
        await using ChildProcess guest = lab.Machine.Run(
            new GuestOptions("again"), Executables.Guest, ["replay", file, "--domain", "web"]);
        foreach (ControlMessage expected in messages)
        {
            XcsRecord got = await subscriber.ReceiveAsync(RecordType.Request, Lab.Cancel);
            ControlMessage sent = expected;
            Assert.Equal(
                XcsRecord.Bytes(in got)[16..].ToArray(),
                Bytes(XcsRecord.ForMessage(RecordType.Request, 0, 0, sent))[16..]);
            await subscriber.Data.SendAsync(
                XcsRecord.ForMessage(RecordType.Response, got.RemoteDomain, 0, ControlMessage.EmptyAnswerTo(in got.Message)),
                Lab.Cancel);
        }

        Assert.Equal(0, await guest.WaitAsync(Lab.Cancel));
        Assert.Equal("{\"requests\":500,\"answers\":500,\"strayAnswers\":0}\n", guest.Output.Text);
    }

    [Theory]
    [InlineData("give --domain and the number of one of web(3), db(4)")]
    [InlineData("give --domain one of web(3), db(4)", "--domain", "nobody")]
    [InlineData("give --domain one of web(3), db(4)", "--domain", "5")]
    [InlineData("ends in the middle of a block", "--domain", "web", "cut")]
    [InlineData("two lengths that differ", "--domain", "3", "flip")]
    [InlineData("has no request of a guest; see: xcsctl dump --read", "none")]
    public async Task A_capture_that_cannot_be_replayed_sends_nothing(string remedy, params string[] arguments)
    {
        await using Lab lab = await Lab.StartAsync();
        string file = lab.Machine["made.pcapng"];
        await WriteAsync(file, [.. Messages(10)]);
        if (arguments is [.., "cut" or "flip" or "none"])
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, Lab.Cancel);
            bytes[^1] ^= (byte)(arguments[^1] == "flip" ? 0x55 : 0);
            await File.WriteAllBytesAsync(
                file, arguments[^1] switch { "cut" => bytes[..^5], "none" => bytes[..SectionBytes(bytes)], _ => bytes }, Lab.Cancel);
            arguments = arguments[..^1];
        }

        await using ChildProcess guest = lab.Machine.Run(new GuestOptions("again"), Executables.Guest, ["replay", file, .. arguments]);
        Assert.Equal(1, await guest.WaitAsync(Lab.Cancel));
        Assert.Contains(remedy, guest.Error.Text, StringComparison.Ordinal);
        Assert.Equal(0UL, (await lab.StatusAsync()).Requests);
    }

    /// <summary>A capture of four messages of two live guests.</summary>
    private static async Task<string> CaptureAsync(Lab lab)
    {
        string file = lab.Machine["live.pcapng"];
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        GuestProgram disk = await lab.GuestAsync("disk", (int)MessageType.BlockFrontEnd);
        ChildProcess watch = await lab.StartDumpAsync();
        ChildProcess dump = await lab.StartDumpAsync("--pcap", file, "--count", "4");
        int seen = 0;
        foreach ((GuestProgram guest, string text) in ((GuestProgram, string)[])[(web, "one"), (disk, "two"), (web, "three"), (disk, "four")])
        {
            await guest.WriteAsync(text, Lab.Cancel);
            seen++;
            await watch.Output.WaitAsync(bytes => bytes.Count((byte)'\n') >= seen, text, deadline: null, Lab.Cancel);
        }

        Assert.Equal(0, await dump.WaitAsync(Lab.Cancel));
        Assert.EndsWith("xcsctl: 4 messages written\n", dump.Error.Text, StringComparison.Ordinal);
        await watch.DisposeAsync();
        return file;
    }

    private static async Task<string> AssertBadFileAsync(Lab lab, string remedy, params string[] arguments)
    {
        ChildResult result = await lab.DumpAsync(arguments);
        Lab.Print(result.Error);
        Assert.Equal(4, result.ExitCode);
        Assert.Contains(arguments[^1], result.Error, StringComparison.Ordinal);
        Assert.Contains(remedy, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        return result.Error;
    }

    /// <summary>Requests of web(3) as given; between them what a replay has to leave out: another guest's, answers, the other way.</summary>
    private static async Task WriteAsync(string file, ControlMessage[] messages)
    {
        await using FileStream stream = File.Create(file);
        PcapngWriter capture = new(stream);
        ControlMessage other = ControlMessage.Create(MessageType.Debug, 0, 1, "not this"u8);
        foreach (ControlMessage message in messages)
        {
            capture.Write(CapturedRecord.Received(XcsRecord.ForMessage(RecordType.Request, 3, 17, message), DateTimeOffset.Now, "web"));
            capture.Write(CapturedRecord.Received(XcsRecord.ForMessage(RecordType.Request, 4, 18, other), DateTimeOffset.Now, "db"));
            capture.Write(CapturedRecord.Received(XcsRecord.ForMessage(RecordType.Response, 3, 17, other), DateTimeOffset.Now, "web"));
            capture.Write(CapturedRecord.Sent(XcsRecord.ForMessage(RecordType.Request, 3, 17, other), DateTimeOffset.Now, 17, "web"));
        }
    }

    /// <summary>Any types but the console's, which the daemon answers itself; ids that repeat; bytes behind the payload.</summary>
    private static IEnumerable<ControlMessage> Messages(int count)
    {
        ulong seed = SeededStream.ChooseSeed();
        Lab.Print(string.Create(CultureInfo.InvariantCulture, $"XCS_SEED={seed}"));
        Random random = new(unchecked((int)seed));
        for (int i = 0; i < count; i++)
        {
            byte[] payload = new byte[60];
            random.NextBytes(payload);
            ControlMessage message = ControlMessage.Create(
                (MessageType)random.Next(1, 256), (byte)random.Next(256), (byte)random.Next(4), payload);
            message.Length = (byte)random.Next(61);
            yield return message;
        }
    }

    /// <summary>Where the first packet begins, behind the blocks that describe them.</summary>
    private static int SectionBytes(byte[] capture)
    {
        int section = BitConverter.ToInt32(capture, 4);
        return section + BitConverter.ToInt32(capture, section + 4);
    }

    private static byte[] Bytes(XcsRecord record) => XcsRecord.Bytes(in record).ToArray();
}
