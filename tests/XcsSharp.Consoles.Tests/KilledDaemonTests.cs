using System.Buffers.Binary;
using System.Text;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Consoles of a daemon that was killed, as the next one takes them up: the first rig is just never turned again.</summary>
public sealed class KilledDaemonTests : IDisposable
{
    private readonly PrivateDirectory _place = new("killed");
    private readonly ListLog _log = new();

    public void Dispose() => _place.Dispose();

    /// <summary>It was killed between the spool and the index in the guest's page.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(7)]
    public void Output_that_is_in_the_guests_ring_still_is_not_taken_twice(int given)
    {
        using ConsoleRig killed = Start();
        var (_, ring, program, _) = killed.AddRing(1, "web");
        killed.Write(program, "one two"u8.ToArray());
        BinaryPrimitives.WriteInt32LittleEndian(ring.PageBytes[ConsoleRingLayout.OutputConsumer..], given);

        using ConsoleRig next = Start();
        ring.OfferTo(next.Hypervisor, 1);
        next.Write(program, " three"u8.ToArray());
        Assert.Equal((13UL, "one two three"), (next.Console().BytesOut, AllOf(next)));
        Assert.Contains("goes on after a daemon that was killed: 7 bytes", Assert.Single(_log.Notes, static note => note.Contains("killed", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    /// <summary>It was killed between the spool and its answer: the request, of the same number and bytes, comes again.</summary>
    [Theory]
    [InlineData("word", "word")]
    [InlineData("other", "wordother")]
    public void A_request_that_it_had_and_had_not_answered_is_output_once(string first, string wanted)
    {
        using ConsoleRig killed = Start();
        var (guest, program, _) = killed.AddConsole(1, "web");
        killed.Write(program, "word"u8.ToArray());

        using ConsoleRig next = Start();
        var (_, again, console) = next.AddConsole(1, "web", guest.Uuid);
        next.Write(again, Encoding.ASCII.GetBytes(first));
        next.Write(again, "word"u8.ToArray());
        Assert.Equal(wanted + "word", AllOf(next));
        Assert.Equal((ulong)wanted.Length + 4, console.BytesOut);
    }

    /// <summary>Of the history it lies in two pieces.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(60)]
    public void A_request_that_lies_across_a_chunk_of_the_history_is_output_once(int behind)
    {
        byte[] output = [.. Enumerable.Range(0, (32 * 1024) + behind).Select(static i => (byte)('a' + (i % 26)))];
        SpoolOwner who = new() { Domid = 1, Uuid = Guid.NewGuid(), Console = ConsoleId.Control };
        OutputSpool.Open(_place["spool"], 1, _log)!.Claim(who, "", default)!.Append(0, output, outputIndex: 1, time: 1);

        using ConsoleRig next = Start();
        var (_, program, console) = next.AddConsole(1, "web", who.Uuid);
        next.Write(program, output.AsMemory()[^60..]);
        next.Write(program, "next"u8.ToArray());
        Assert.Equal((ulong)output.Length + 4, console.BytesOut);
    }

    /// <summary>The later one's place comes first. It has written nothing, since the earlier one's disk was full.</summary>
    [Fact]
    public void Of_two_lives_of_one_name_the_log_has_the_earlier_ones_words_first()
    {
        string log = Path.Combine(Directory.CreateDirectory(_place["logs"]).FullName, "guest-web.log");
        File.WriteAllText(log, "boot ");
        _ = RotatingFile.EndsInsideLine(log, out FileEnd? end);
        OutputSpool killed = OutputSpool.Open(_place["spool"], 1, _log)!;
        SpoolPlace free = killed.Claim(default, "", default)!;
        SpoolRecord atEnd = new() { LogInode = end!.Value.Inode, LogSize = end.Value.Size };
        killed.Claim(new SpoolOwner { Domid = 1 }, "guest-web.log", atEnd)!.Append(0, "earlier "u8, 8, time: 1);
        free.Release();
        SpoolRecord notLooked = new() { LogInode = SpoolRecord.NotLooked };
        killed.Claim(new SpoolOwner { Domid = 2 }, "guest-web.log", notLooked)!.Append(0, "later"u8, 5, time: 1);

        using ConsoleRig next = new(
            options => (options.SpoolFile, options.LogDirectory) = (_place["spool"], Path.GetDirectoryName(log)), log: _log);
        Assert.Equal("boot earlier later", File.ReadAllText(log));
    }

    [Fact]
    public void A_console_of_another_life_begins_anew_and_its_place_is_free_again()
    {
        using ConsoleRig killed = Start();
        var (_, _, program, _) = killed.AddRing(1, "web");
        killed.Write(program, "secret"u8.ToArray());

        using ConsoleRig next = Start();
        var (_, _, other, console) = next.AddRing(2, "web");
        next.Write(other, "new"u8.ToArray());
        Assert.Equal(3UL, console.BytesOut);
        Assert.Equal("new", AllOf(next));
    }

    /// <summary>The first console was taken out of its domain, and its log was not written yet when the second came to be.</summary>
    [Fact]
    public void Of_two_with_one_name_the_later_goes_on()
    {
        var who = new SpoolOwner { Domid = 1, Uuid = Guid.NewGuid(), Console = ConsoleId.Control };
        OutputSpool killed = OutputSpool.Open(_place["spool"], 1, _log)!;
        SpoolPlace free = killed.Claim(default, "", default)!;
        killed.Claim(who, "", default)!.Append(0, "first"u8, 5, time: 1);
        free.Release();

        // In the slot before.
        killed.Claim(who, "", default)!.Append(0, "later"u8, 5, time: 1);

        using ConsoleRig next = Start();
        _ = next.AddConsole(1, "web", who.Uuid);
        Assert.Equal("later", AllOf(next));
    }

    /// <summary>The operator wants no spool any more: what is in it comes to the logs, and not some day behind newer output.</summary>
    [Fact]
    public void Without_a_spool_from_now_on_the_logs_have_what_was_in_it()
    {
        string logs = Directory.CreateDirectory(_place["logs"]).FullName;
        OutputSpool killed = OutputSpool.Open(_place["spool"], 1, _log)!;
        killed.Claim(new SpoolOwner { Domid = 1 }, "guest-web.log", new SpoolRecord { LogInode = SpoolRecord.NotLooked })!.Append(0, "last words"u8, 10, time: 1);

        using ConsoleRig next = new(
            options =>
            {
                options.SpoolFile = _place["spool"];
                options.SpoolBytes = 0;
                options.LogDirectory = logs;
            },
            log: _log);
        Assert.Equal("last words", File.ReadAllText(Path.Combine(logs, "guest-web.log")));
        Assert.False(File.Exists(_place["spool"]));
    }

    /// <summary>One that is told to stop leaves nothing to find.</summary>
    [Fact]
    public void A_daemon_that_ends_in_order_removes_its_spool()
    {
        ConsoleRig ends = Start();
        var (_, _, program, _) = ends.AddRing(1, "web");
        ends.Write(program, "output"u8.ToArray());
        Assert.True(File.Exists(_place["spool"]));
        ends.Dispose();
        Assert.False(File.Exists(_place["spool"]));
    }

    /// <summary>A bug of ours, or no hypervisor: the next one is told nothing, so what a killed daemon would leave has to stay.</summary>
    [Fact]
    public void A_daemon_that_is_not_trusted_to_end_in_order_leaves_its_spool()
    {
        ConsoleRig fails = Start();
        var (_, ring, program, _) = fails.AddRing(1, "web");
        fails.Write(program, "one two"u8.ToArray());
        fails.Consoles.KeepSpool();
        fails.Dispose();

        using ConsoleRig next = Start();
        ring.OfferTo(next.Hypervisor, 1);
        next.Write(program, " three"u8.ToArray());
        Assert.Equal("one two three", AllOf(next));
    }

    /// <summary>Also the second that fails to start in the places of one that was killed.</summary>
    [Fact]
    public void What_was_found_and_not_taken_up_stays_for_the_next_one()
    {
        using ConsoleRig killed = Start();
        var (_, ring, program, _) = killed.AddRing(1, "web");
        killed.Write(program, "one two"u8.ToArray());
        ConsoleRig fails = Start();
        fails.Consoles.KeepSpool();
        fails.Dispose();

        using ConsoleRig next = Start();
        ring.OfferTo(next.Hypervisor, 1);
        next.RunIdle();
        Assert.Equal("one two", AllOf(next));
    }

    /// <summary>Of those that the next one is told of nothing is left, or it would come again when that one is killed.</summary>
    [Fact]
    public void Only_consoles_that_the_next_one_is_not_told_of_stay_in_the_spool()
    {
        ConsoleRig ends = Start();
        var (_, _, web, _) = ends.AddRing(1, "web");
        var (_, ring, db, _) = ends.AddRing(2, "db");
        ends.Write(web, "told"u8.ToArray());
        ends.Write(db, "not told"u8.ToArray());
        ConsolesState state = ends.Consoles.Leave(new Bytes());
        ends.Consoles.KeepSpool(state with { Consoles = [.. state.Consoles.Where(static console => console.Domid == 1)] });
        ends.Dispose();

        using OutputSpool spool = OutputSpool.Open(_place["spool"], new ConsoleOptions().SpoolBytes, _log)!;
        SpooledConsole left = Assert.Single(spool.Left);
        Assert.Equal((2U, 8L), (left.Owner.Domid, left.End - left.Start));
    }

    /// <summary>Nothing is in it: then it need not stay either.</summary>
    [Fact]
    public void An_empty_spool_is_removed_whatever_the_end()
    {
        ConsoleRig fails = Start();
        fails.Consoles.KeepSpool();
        fails.Dispose();
        Assert.False(File.Exists(_place["spool"]));
    }

    private sealed class Bytes : IHandoverSink
    {
        private long _length;

        public bool TryLeave(string name, Func<Microsoft.Win32.SafeHandles.SafeFileHandle> descriptor) => false;

        public ByteRange Put(ReadOnlySpan<byte> bytes)
        {
            ByteRange range = new(_length, bytes.Length);
            _length += bytes.Length;
            return range;
        }
    }

    private ConsoleRig Start() => new(options => options.SpoolFile = _place["spool"], log: _log);

    private static string AllOf(ConsoleRig rig)
    {
        TestClient client = rig.Connect();
        client.Send($"{OperatorProtocol.Log} web from=boot\n");
        Assert.StartsWith("OK", rig.ReadLine(client), StringComparison.Ordinal);
        List<byte> all = [];
        rig.RunUntil(
            () =>
            {
                client.ReceiveInto(all);
                return client.IsEnded;
            },
            "the end of the log");
        return Encoding.ASCII.GetString([.. all]);
    }
}
