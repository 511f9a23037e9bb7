using System.Runtime.CompilerServices;

using XcsSharp.Reactor;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>The spool as the daemon after one that was killed finds it: opened once more, while the first one has it still.</summary>
public sealed class OutputSpoolTests : IDisposable
{
    private const int RingBytes = 64 * 1024;

    private readonly PrivateDirectory _place = new("spool");
    private readonly ListLog _log = new();
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public OutputSpoolTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    private string File => _place["spool"];

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Its_structures_fit_where_they_are()
    {
        Assert.InRange(Unsafe.SizeOf<SpoolHeader>(), 1, SpoolLayout.HeaderBytes);
        Assert.InRange(Unsafe.SizeOf<SpoolOwner>(), 1, SpoolLayout.NameOffset);
        Assert.InRange(Unsafe.SizeOf<SpoolRecord>(), 1, SpoolLayout.RecordBytes);
        Assert.Equal(SpoolLayout.SlotBytes, SpoolLayout.RecordOffset + (2 * SpoolLayout.RecordBytes));
        Assert.Equal(0, Unsafe.SizeOf<SpoolEntry>() % 8);
        Assert.Equal(TerminalFilter.LongestSequence, SpoolLayout.MostHeldBytes);
    }

    /// <summary>Consoles print by turns, in pieces of all sizes, several times what the ring has; now and then the daemon is "killed".</summary>
    [Fact]
    public void The_newest_output_of_all_consoles_is_there_byte_for_byte()
    {
        Random random = new((int)(_stream.Seed % int.MaxValue));
        OutputSpool spool = Open();
        long[] ends = new long[5];
        SpoolPlace[] places = [.. Enumerable.Range(0, 5).Select(i => spool.Claim(Who(i), $"guest-{i}.log", default)!)];
        for (int kill = 0; kill < 20; kill++)
        {
            for (int piece = random.Next(400); piece > 0; piece--)
            {
                int i = random.Next(random.Next(1, 6));
                byte[] output = _stream.Fork($"{i}").Take(ends[i], random.Next(1, random.Next(2, 3000)));
                places[i].Append(ends[i], output, (uint)(7 * ends[i]), time: piece);
                ends[i] += output.Length;
            }

            spool = Open();
            long there = 0;
            foreach (SpooledConsole left in spool.Left)
            {
                int i = left.Owner.Console;
                Assert.Equal(($"guest-{i}.log", ends[i]), (left.LogName, left.End));
                Assert.Equal(_stream.Fork($"{i}").Take(left.Start, (int)(left.End - left.Start)), BytesOf(left));
                there += left.End - left.Start;
                places[i] = spool.GoOnWith(left);
            }

            Assert.Equal(5, spool.Left.Count);
            Assert.True(kill < 2 || there > RingBytes / 4, $"{there} bytes of {RingBytes} are of use");
        }
    }

    [Fact]
    public void Output_that_no_record_counts_comes_once_more_and_is_there_once()
    {
        OutputSpool spool = Open();
        SpoolPlace place = spool.Claim(Who(0), "guest-web.log", default)!;
        place.Append(0, "first"u8, 5, time: 1);

        // Killed between an entry and its record.
        spool.Append(owner: 1, 5, time: 2, "second"u8);
        SpooledConsole left = Assert.Single(Open().Left);
        Assert.Equal((5, "first"), (left.End, Text(left)));

        spool = Open();
        spool.GoOnWith(spool.Left[0]).Append(5, "sec"u8, 8, time: 3);
        left = Assert.Single(Open().Left);
        Assert.Equal((8, 8u, "firstsec"), (left.End, left.Record.OutputIndex, Text(left)));
    }

    [Fact]
    public void A_record_is_the_one_before_until_it_is_whole()
    {
        OutputSpool spool = Open();
        SpoolPlace place = spool.Claim(Who(0), "guest-web.log", default)!;
        place.Append(0, "output"u8, 6, time: 1);
        place.NoteLog(4, 3, new FilterState(1, [0xc3], 0, 1), new FileEnd(77, 1000));
        place.NoteReaders(terminal: 5, journal: 2);
        SpoolRecord record = Assert.Single(Open().Left).Record;
        Assert.Equal((6, 4, 3, 77UL, 1000, 5, 2), (record.End, record.LogPosition, record.Logged, record.LogInode, record.LogSize, record.Terminal, record.Journal));
        Assert.Equal(("C3", 1), (Convert.ToHexString(record.Filter!.Held), record.Filter.Continuations));

        // The half that is not valid may be anything.
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        int active = BitConverter.ToInt32(bytes, SpoolLayout.SlotOffset(0) + 4);
        bytes.AsSpan(SpoolLayout.SlotOffset(0) + SpoolLayout.RecordOffset + ((1 - active) * SpoolLayout.RecordBytes), SpoolLayout.RecordBytes).Fill(0xff);
        System.IO.File.WriteAllBytes(File, bytes);
        Assert.Equal(record.LogSize, Assert.Single(Open().Left).Record.LogSize);
    }

    [Fact]
    public void A_place_that_was_given_up_is_nobodys_and_another_gets_it()
    {
        OutputSpool spool = Open();
        SpoolPlace place = spool.Claim(Who(0), "guest-web.log", default)!;
        place.Append(0, "secret"u8, 6, time: 1);
        place.Release();
        Assert.Empty(Open().Left);

        _ = spool.Claim(Who(1), "guest-db.log", new SpoolRecord { End = 6 });
        SpooledConsole left = Assert.Single(Open().Left);
        Assert.Equal((1, 6L, 6L), (left.Owner.Console, left.Start, left.End));
    }

    [Fact]
    public void Consoles_beyond_its_places_have_none_which_is_said_once()
    {
        OutputSpool spool = Open();
        for (int i = 0; i < RingBytes / SpoolLayout.RingBytesASlot; i++)
        {
            Assert.NotNull(spool.Claim(Who(i), "", default));
        }

        Assert.Null(spool.Claim(Who(1000), "", default));
        Assert.Null(spool.Claim(Who(1001), "", default));
        Assert.Contains("raise Consoles:SpoolBytes", Assert.Single(_log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_left_keeps_its_size_until_an_orderly_end()
    {
        Open().Claim(Who(0), "guest-web.log", default)!.Append(0, "output"u8, 6, time: 1);
        using (OutputSpool larger = OutputSpool.Open(File, 4 * RingBytes, _log)!)
        {
            Assert.Equal("output", Text(Assert.Single(larger.Left)));
            Assert.Equal(SpoolLayout.FileBytes(RingBytes), new FileInfo(File).Length);
            Assert.Contains($"keeps the {RingBytes} bytes", Assert.Single(_log.Notes), StringComparison.Ordinal);
        }

        using OutputSpool next = OutputSpool.Open(File, 4 * RingBytes, _log)!;
        Assert.Empty(next.Left);
        Assert.Equal(SpoolLayout.FileBytes(4 * RingBytes), new FileInfo(File).Length);
    }

    /// <summary>Noise; a whole file that was cut; one whose beginning says a size that it has not, or that none may have.</summary>
    [Fact]
    public void A_file_of_something_else_is_begun_anew()
    {
        Open().Claim(Who(0), "guest-web.log", default)!.Append(0, "output"u8, 6, time: 1);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        foreach (byte[] other in new[] { _stream.Take(0, whole.Length), whole[..60_000], whole[..30], Said(4 * RingBytes), Said(RingBytes + 8), Said(0), Said(1L << 40) })
        {
            System.IO.File.WriteAllBytes(File, other);
            OutputSpool spool = Open();
            Assert.Empty(spool.Left);
            spool.Claim(Who(0), "guest-web.log", default)!.Append(0, "output"u8, 6, time: 1);
            Assert.Equal("output", Text(Assert.Single(Open().Left)));
            Assert.Equal(whole.Length, new FileInfo(File).Length);
        }

        Assert.Empty(_log.Warnings);

        byte[] Said(long ringBytes)
        {
            byte[] file = (byte[])whole.Clone();
            BitConverter.TryWriteBytes(file.AsSpan(8), ringBytes);
            return file;
        }
    }

    /// <summary>Whatever a hand or a bad memory has done to it: no exception, and what is found can be gone on with.</summary>
    [Fact]
    public void Damage_is_found_or_does_no_harm()
    {
        OutputSpool spool = Open();
        for (int i = 0; i < 4; i++)
        {
            SpoolPlace place = spool.Claim(Who(i), $"guest-{i}.log", default)!;
            for (int position = 0; position < 3000; position += 100)
            {
                place.Append(position, _stream.Take(position, 100), (uint)position, time: 1);
            }
        }

        byte[] whole = System.IO.File.ReadAllBytes(File);
        Random random = new((int)(_stream.Seed % int.MaxValue));
        int found = 0;
        for (int run = 0; run < 2000; run++)
        {
            byte[] damaged = (byte[])whole.Clone();
            for (int flips = random.Next(1, 6); flips > 0; flips--)
            {
                int part = random.Next(3);
                int at = part == 0 ? random.Next(64) : part == 1 ? SpoolLayout.SlotOffset(random.Next(4)) + random.Next(SpoolLayout.SlotBytes)
                    : SpoolLayout.RingOffset(RingBytes) + random.Next(14_000);
                damaged[at] = (byte)random.Next(256);
            }

            System.IO.File.WriteAllBytes(File, damaged);
            using OutputSpool opened = OutputSpool.Open(File, RingBytes, _log)!;
            foreach (SpooledConsole left in opened.Left)
            {
                found++;
                Assert.InRange(left.Start, 0, left.End);
                Assert.InRange(left.Record.LogPosition, 0, left.End);
                Assert.Equal(left.End, left.MakeHistory(RingBytes, 0, budget: null).End);
                opened.GoOnWith(left).Append(left.End, _stream.Take(0, 5000), 0, time: 1);
            }
        }

        Assert.True(found > 4000, $"only {found} consoles were found in all");
    }

    [Fact]
    public void Where_it_can_not_be_the_daemon_does_without_and_says_so()
    {
        Directory.CreateDirectory(File);
        Assert.Null(OutputSpool.Open(File, RingBytes, _log));
        Assert.Contains("Without a spool", Assert.Single(_log.Warnings), StringComparison.Ordinal);
    }

    private OutputSpool Open() => OutputSpool.Open(File, RingBytes, _log)!;

    private static SpoolOwner Who(int console) => new() { Domid = 7, Uuid = new Guid(console, 0, 0, new byte[8]), Console = console };

    private static string Text(SpooledConsole left) => System.Text.Encoding.ASCII.GetString(BytesOf(left));

    private static byte[] BytesOf(SpooledConsole left)
    {
        Backlog history = left.MakeHistory(1 << 20, 0, budget: null);
        List<byte> bytes = [];
        for (long at = left.Start; at < left.End;)
        {
            ReadOnlySpan<byte> piece = history.Read(at);
            bytes.AddRange(piece);
            at += piece.Length;
        }

        return [.. bytes];
    }
}
