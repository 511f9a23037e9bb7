using System.Text;

using XcsSharp.Reactor;
using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>
/// A log whose daemon was killed after the file had got any part of a write that nobody could tell of any more. However much that was: brought up to date,
/// the log has each byte once.
/// </summary>
public sealed class SpooledLogTests : IDisposable
{
    private const string Name = "guest-web.log";

    /// <summary>Colours, a title that does not pass, characters of several bytes, lines.</summary>
    private static readonly byte[] s_output = Encoding.UTF8.GetBytes("boot\nlo\u001b[1mgin\u001b[0m: \u001b]0;owned\u0007gr\u00fc\u00dfe \u4f60\u597d\n$ ls\r\n\nfile\n");

    private readonly PrivateDirectory _place = new("log");
    private readonly ListLog _log = new();

    private string LogFile => _place[Name];

    public void Dispose() => _place.Dispose();

    public static TheoryData<string, bool> Forms => new() { { "Raw", false }, { "Safe", false }, { "Strip", false }, { "Raw", true }, { "Safe", true } };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Whatever_of_a_write_is_in_the_file_each_byte_is_there_once(string level, bool hasStamps)
    {
        ConsoleOptions options = Options(level, hasStamps);
        byte[] whole = Write(options, settled: 0, already: []);
        byte[][] parts = [.. Enumerable.Range(0, s_output.Length).Select(end => Write(options, 0, [], end: end))];
        HashSet<int> seams = [.. parts.Select(static part => part.Length), whole.Length];
        for (int settled = 0; settled < s_output.Length; settled++)
        {
            byte[] before = parts[settled];
            for (int cut = before.Length; cut <= whole.Length; cut++)
            {
                byte[] after = Write(options, settled, before, whole.AsSpan(before.Length, cut - before.Length));
                Assert.True(
                    after.AsSpan().SequenceEqual(whole) || (!seams.Contains(cut) && IsRepeated(after, whole, cut)),
                    $"{settled} settled, {cut} in the file: {Encoding.UTF8.GetString(after)}");
            }
        }

        Assert.Empty(_log.Warnings);
    }

    [Fact]
    public void A_file_that_became_full_in_the_middle_is_counted_with_the_next_one()
    {
        ConsoleOptions options = Options("Raw", hasStamps: false);
        for (int first = 0; first <= 20; first++)
        {
            for (int second = 0; first + second < s_output.Length; second++)
            {
                Clear();
                File.WriteAllBytes(LogFile, s_output[..first]);
                SpooledConsole left = Left(0, EndOf(LogFile) with { Size = 0 });
                File.Move(LogFile, LogFile + ".1");
                File.WriteAllBytes(LogFile, s_output[first..(first + second)]);
                SpooledLog.BringUpToDate(left, options, _log);
                Assert.Equal(s_output, File.ReadAllBytes(LogFile + ".1").Concat(File.ReadAllBytes(LogFile)));
            }
        }
    }

    [Theory]
    [InlineData("lo", "lobootend")]
    [InlineData("lo\r\n[gap: 4 bytes]\r\n", "lo\r\n[gap: 4 bytes]\r\nend")]
    public void A_gap_mark_that_was_under_way_is_there_or_what_it_stood_for_comes(string inFile, string wanted)
    {
        File.WriteAllText(LogFile, inFile);
        SpooledConsole left = Left(2, EndOf(LogFile) with { Size = 2 }, "lobootend"u8.ToArray());
        left.Record = left.Record with { MarkBytes = "\r\n[gap: 4 bytes]\r\n".Length, BehindMark = 6 };
        SpooledLog.BringUpToDate(left, Options("Raw", hasStamps: false), _log);
        Assert.Equal(wanted, File.ReadAllText(LogFile));
        Assert.Equal(9, left.Record.LogPosition);
    }

    [Fact]
    public void What_is_not_left_any_more_is_a_gap()
    {
        File.WriteAllText(LogFile, "lo");
        SpooledConsole left = Left(2, EndOf(LogFile), "end"u8.ToArray(), start: 1002);
        SpooledLog.BringUpToDate(left, Options("Raw", hasStamps: false), _log);
        Assert.Equal("lo\r\n[gap: 1,000 bytes]\r\nend", File.ReadAllText(LogFile));
        Assert.Equal((1005, 5), (left.Record.LogPosition, left.Record.Logged));
    }

    /// <summary>A log that was far behind: the spool has lost what was under way, of which the file has a part that nobody could tell of any more.</summary>
    [Theory]
    [InlineData("Raw")]
    [InlineData("Safe")]
    public void What_the_file_has_of_what_is_not_left_any_more_is_not_in_the_gap(string level)
    {
        File.WriteAllText(LogFile, "login");
        SpooledConsole left = Left(2, EndOf(LogFile) with { Size = 2 }, "end"u8.ToArray(), start: 1005);
        SpooledLog.BringUpToDate(left, Options(level, hasStamps: false), _log);
        Assert.Equal("login\r\n[gap: 1,000 bytes]\r\nend", File.ReadAllText(LogFile));
        Assert.Equal((1008, 8), (left.Record.LogPosition, left.Record.Logged));
    }

    /// <summary>All of what is lost is in the file, and of what is left some.</summary>
    [Fact]
    public void Where_the_file_has_all_that_is_lost_there_is_no_gap()
    {
        File.WriteAllText(LogFile, "login\ne");
        SpooledConsole left = Left(2, EndOf(LogFile) with { Size = 2 }, "end"u8.ToArray(), start: 6);
        SpooledLog.BringUpToDate(left, Options("Safe", hasStamps: false), _log);
        Assert.Equal("login\nend", File.ReadAllText(LogFile));
        Assert.Equal((9, 9), (left.Record.LogPosition, left.Record.Logged));
    }

    /// <summary>Somebody has renamed the file, and there is another.</summary>
    [Fact]
    public void A_file_that_nobody_knows_gets_all_that_was_not_known_to_be_written()
    {
        File.WriteAllText(LogFile, "lo");
        FileEnd end = EndOf(LogFile);
        File.Move(LogFile, LogFile + ".old");
        File.WriteAllText(LogFile, "another\n");
        SpooledLog.BringUpToDate(Left(2, end, "login"u8.ToArray()), Options("Raw", hasStamps: false), _log);
        Assert.Equal("another\ngin", File.ReadAllText(LogFile));
    }

    [Fact]
    public void Where_it_can_not_be_written_it_is_said_and_the_place_stays()
    {
        Directory.CreateDirectory(LogFile);
        SpooledConsole left = Left(2, new FileEnd(SpoolRecord.NotLooked, 0), "login"u8.ToArray());
        SpooledLog.BringUpToDate(left, Options("Raw", hasStamps: false), _log);
        Assert.Contains("3 bytes", Assert.Single(_log.Warnings), StringComparison.Ordinal);
        Assert.Equal((2, 2), (left.Record.LogPosition, left.Record.Logged));
    }

    /// <summary>
    /// A sequence or a character that is there in part comes again, whole. No write of ours ends inside one, but that it may be cut in two where a file is full.
    /// </summary>
    private static bool IsRepeated(ReadOnlySpan<byte> after, ReadOnlySpan<byte> whole, int cut)
    {
        const int Longest = 4;
        bool isRepeated = false;
        for (int from = Math.Max(0, cut - Longest); from < cut; from++)
        {
            isRepeated |= after[..cut].SequenceEqual(whole[..cut]) && after[cut..].SequenceEqual(whole[from..]);
        }

        return isRepeated;
    }

    /// <summary>Brings a log up to date that is so far.</summary>
    /// <returns>What is in the file then.</returns>
    private byte[] Write(ConsoleOptions options, int settled, byte[] already, ReadOnlySpan<byte> more = default, int? end = null)
    {
        Clear();
        FileEnd known = default;
        if (already.Length > 0)
        {
            File.WriteAllBytes(LogFile, already);
            known = EndOf(LogFile);
        }

        using (FileStream file = new(LogFile, FileMode.Append))
        {
            file.Write(more);
        }

        if (already.Length + more.Length == 0)
        {
            File.Delete(LogFile);
        }

        SpooledConsole left = Left(settled, known, s_output[..(end ?? s_output.Length)]);
        SpoolRecord record = left.Record;
        record.SetFilter(FilterBehind(options.LogOutput, s_output.AsSpan(0, settled)));
        left.Record = record;
        SpooledLog.BringUpToDate(left, options, _log);
        Assert.Equal(left.End, left.Record.LogPosition);
        return File.Exists(LogFile) ? File.ReadAllBytes(LogFile) : [];
    }

    private static FilterState? FilterBehind(OutputLevel level, ReadOnlySpan<byte> output)
    {
        if (level == OutputLevel.Raw)
        {
            return null;
        }

        TerminalFilter filter = new(level);
        _ = filter.Filter(output, new byte[TerminalFilter.MostOutput(output.Length)]);
        return filter.Describe();
    }

    private static SpooledConsole Left(int settled, FileEnd known, byte[]? output = null, long start = 0)
    {
        output ??= s_output;
        SpooledConsole left = new(0, default, Name, new SpoolRecord
        {
            End = start + output.Length,
            LogPosition = settled,
            Logged = settled,
            LogInode = known.Inode,
            LogSize = known.Size,
        });
        left.Add(new SpoolEntry { Position = start, Time = 1_764_000_000_000 }, output);
        left.Complete();
        return left;
    }

    private ConsoleOptions Options(string level, bool hasStamps) => new()
    {
        LogDirectory = Path.GetDirectoryName(LogFile),
        LogOutput = Enum.Parse<OutputLevel>(level),
        LogTimestamps = hasStamps ? LogTimestamps.Utc : LogTimestamps.Off,
    };

    private void Clear()
    {
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(LogFile)!))
        {
            File.Delete(file);
        }
    }

    private static FileEnd EndOf(string path)
    {
        _ = RotatingFile.EndsInsideLine(path, out FileEnd? end);
        return end!.Value;
    }
}
