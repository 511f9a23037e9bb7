using System.IO.Compression;

using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

/// <summary>Old files that become .gz: which, when, and what is left where it was interrupted.</summary>
public sealed class OldFileCompressorTests : IDisposable
{
    private static int s_lastThread;

    // Its own: the thread of the test before may be on its way out yet.
    private readonly string _threadName = $"gzip-{Interlocked.Increment(ref s_lastThread)}";
    private const int Limit = 10_000;

    private readonly PrivateDirectory _place = new("gzip");
    private readonly LoopRig _rig = new();
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());
    private readonly List<string> _problems = [];

    public OldFileCompressorTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    private string Log => _place["guest.log"];

    public void Dispose()
    {
        _rig.Dispose();
        _place.Dispose();
    }

    [Fact]
    public void The_youngest_stays_older_ones_are_compressed_and_all_together_are_the_output()
    {
        OldFileCompressor compressor = Start();
        using RotatingFile file = new(Limit, kept: 5, compressor);
        Append(file, 0, (6 * Limit) + 10);
        _rig.TurnUntil(() => Names() is ["guest.log", "guest.log.1", "guest.log.2.gz", "guest.log.3.gz", "guest.log.4.gz", "guest.log.5.gz"]);
        Assert.Equal(_stream.Take(Limit, (5 * Limit) + 10), All());
        Assert.Equal("640", Convert.ToString((int)File.GetUnixFileMode(Log + ".2.gz"), 8));

        // One more: each has the next number, the oldest goes, whatever kind it is.
        Append(file, (6 * Limit) + 10, Limit);
        _rig.TurnUntil(() => Names() is ["guest.log", "guest.log.1", "guest.log.2.gz", "guest.log.3.gz", "guest.log.4.gz", "guest.log.5.gz"]);
        Assert.Equal(_stream.Take(2 * Limit, (5 * Limit) + 10), All());
        Assert.Empty(_problems);
    }

    [Fact]
    public async Task What_gzip_itself_unpacks_is_the_file()
    {
        OldFileCompressor compressor = Start();
        using RotatingFile file = new(Limit, kept: 2, compressor);
        Append(file, 0, (2 * Limit) + 1);
        _rig.TurnUntil(() => File.Exists(Log + ".2.gz") && !File.Exists(Log + ".2"));
        ChildResult unpacked = await ChildProcess.RunAsync("gzip", ["-d", Log + ".2.gz"], TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (unpacked.ExitCode, unpacked.Error));
        Assert.Equal(_stream.Take(0, Limit), File.ReadAllBytes(Log + ".2"));
    }

    [Fact]
    public void A_setting_that_changes_between_runs_finds_both_kinds_in_the_rotation()
    {
        using (RotatingFile plain = new(Limit, kept: 4))
        {
            Append(plain, 0, (3 * Limit) + 10);
        }

        Assert.Equal(["guest.log", "guest.log.1", "guest.log.2", "guest.log.3"], Names());
        using (OldFileCompressor compressor = Start())
        using (RotatingFile packing = new(Limit, kept: 4, compressor))
        {
            Append(packing, (3 * Limit) + 10, Limit);
            _rig.TurnUntil(() => Names() is ["guest.log", "guest.log.1", "guest.log.2.gz", "guest.log.3.gz", "guest.log.4.gz"]);
        }

        using RotatingFile after = new(Limit, kept: 4);
        Append(after, (4 * Limit) + 10, 2 * Limit);
        Assert.Equal(["guest.log", "guest.log.1", "guest.log.2", "guest.log.3", "guest.log.4.gz"], Names());
        Assert.Equal(_stream.Take(2 * Limit, (4 * Limit) + 10), All());
    }

    /// <summary>As a kill leaves it: before the rename, and between the rename and the removal.</summary>
    [Fact]
    public void What_a_kill_left_is_cleared_up_and_nothing_is_lost_or_there_twice()
    {
        using (RotatingFile plain = new(Limit, kept: 3))
        {
            Append(plain, 0, (3 * Limit) + 10);
        }

        File.WriteAllBytes(Log + ".gz.tmp", [0x1f, 0x8b, 8]);
        File.WriteAllBytes(_place["other.log.gz.tmp"], []);
        using (FileStream packed = File.Create(Log + ".2.gz"))
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            gzip.Write(File.ReadAllBytes(Log + ".2"));
        }

        OldFileCompressor compressor = Start();
        _rig.TurnUntil(() => Directory.GetFiles(_place.Path, "*.tmp").Length == 0);
        using RotatingFile file = new(Limit, kept: 4, compressor);
        Append(file, (3 * Limit) + 10, Limit);
        _rig.TurnUntil(() => Names() is ["guest.log", "guest.log.1", "guest.log.2.gz", "guest.log.3.gz", "guest.log.4.gz"]);
        Assert.Equal(_stream.Take(0, (4 * Limit) + 10), All());
    }

    /// <summary>The compressing thread is stopped in the middle of nothing in particular; the file it reads is moved on under it, again and again.</summary>
    [Fact]
    public async Task Writing_goes_on_while_it_hangs_and_what_was_moved_meanwhile_is_found_under_its_new_number()
    {
        OldFileCompressor compressor = Start();
        using RotatingFile file = new(Limit, kept: 6, compressor);
        Append(file, 0, Limit);
        await using (HeldThread? held = await HeldThread.HoldAsync(Environment.ProcessId, _threadName, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            Append(file, Limit, (4 * Limit) + 10);
            Assert.Equal(["guest.log", "guest.log.1", "guest.log.2", "guest.log.3", "guest.log.4", "guest.log.5"], Names());
        }

        _rig.TurnUntil(() => Names() is ["guest.log", "guest.log.1", "guest.log.2.gz", "guest.log.3.gz", "guest.log.4.gz", "guest.log.5.gz"]);
        Assert.Equal(_stream.Take(0, (5 * Limit) + 10), All());
    }

    [Fact]
    public void Beyond_its_limit_of_names_a_file_waits_for_the_next_of_its_name()
    {
        OldFileCompressor compressor = Start();
        using RotatingFile file = new(Limit, kept: 2, compressor);
        compressor.Add(_place["first.log"], kept: OldFileCompressor.First);
        lock (compressor.Names)
        {
            // Here it stops, with that one in its hands.
            Assert.True(SpinWait.SpinUntil(() => compressor.Waiting == 0, LoopRig.Deadline));
            for (int i = 0; i < OldFileCompressor.MostWaiting + 10; i++)
            {
                compressor.Add(_place[$"other-{i}.log"], kept: OldFileCompressor.First);
            }

            Append(file, 0, (2 * Limit) + 10);
            Assert.Equal(OldFileCompressor.MostWaiting, compressor.Waiting);
        }

        _rig.TurnUntil(() => compressor.Waiting == 0);
        Assert.Equal(["guest.log", "guest.log.1", "guest.log.2"], Names());
        Append(file, (2 * Limit) + 10, Limit);
        _rig.TurnUntil(() => Names() is ["guest.log", "guest.log.1", "guest.log.2.gz"]);
        Assert.Empty(_problems);
    }

    [Fact]
    public void Many_rotations_in_a_row_leave_whole_files_of_one_kind_each()
    {
        const int Rounds = 300;
        OldFileCompressor compressor = Start();
        using RotatingFile file = new(Limit, kept: 4, compressor);
        for (int i = 0; i < Rounds; i++)
        {
            Append(file, i * Limit, Limit);
        }

        _rig.TurnUntil(() => Names() is ["guest.log", "guest.log.1", "guest.log.2.gz", "guest.log.3.gz", "guest.log.4.gz"]);
        Assert.Equal(_stream.Take((Rounds - 5) * Limit, 5 * Limit), All());
        Assert.Empty(_problems);
    }

    [Fact]
    public void On_a_full_disk_a_file_stays_plain_which_is_told_and_the_log_goes_on()
    {
        using SmallFileSystem? small = SmallFileSystem.TryMount(_place["small"], 64 * 1024);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        OldFileCompressor compressor = Start(small.Path);
        string log = Path.Combine(small.Path, "guest.log");
        using RotatingFile file = new(16 * 1024, kept: 3, compressor);
        string other = Path.Combine(small.Path, "other");
        File.WriteAllBytes(other, new byte[16 * 1024]);

        // Four pages are left, and what does not become smaller needs a fifth. For a while the log itself may find none.
        AppendResult result = file.Append(log, false, _stream.Take(0, 33 * 1024));
        _rig.TurnUntil(() => _problems.Count > 0);
        Assert.Contains("o space left", _problems[0], StringComparison.Ordinal);
        Assert.Equal(_stream.Take(0, 16 * 1024), File.ReadAllBytes(log + ".2"));

        // Two files were put aside: the second may still be tried when the first has been told of.
        _rig.TurnUntil(() => Directory.GetFiles(small.Path, "*gz*").Length == 0);
        File.Delete(other);
        Assert.Null(file.Append(log, false, _stream.Take(result.Written, (40 * 1024) - result.Written)).Problem);
        Assert.Equal(_stream.Take(32 * 1024, 8 * 1024), File.ReadAllBytes(log));
    }

    [Fact]
    public void What_stands_in_its_place_is_not_followed()
    {
        using PrivateDirectory elsewhere = new("victim");
        File.WriteAllText(elsewhere["victim"], "untouched");
        OldFileCompressor compressor = Start();
        using RotatingFile file = new(Limit, kept: 3, compressor);
        File.CreateSymbolicLink(Log + ".gz.tmp", elsewhere["victim"]);
        File.CreateSymbolicLink(Log + ".1", elsewhere["victim"]);
        Append(file, 0, (2 * Limit) + 1);
        _rig.TurnUntil(() => File.Exists(Log + ".2.gz"));
        Assert.Equal("untouched", File.ReadAllText(elsewhere["victim"]));
        Assert.Equal(_stream.Take(0, Limit), Unpacked(Log + ".2.gz"));
        Assert.NotNull(new FileInfo(Log + ".3").LinkTarget);
    }

    private static byte[] Unpacked(string path)
    {
        using GZipStream packed = new(File.OpenRead(path), CompressionMode.Decompress);
        using MemoryStream plain = new();
        packed.CopyTo(plain);
        return plain.ToArray();
    }

    private OldFileCompressor Start(string? directory = null)
        => _rig.Own(new OldFileCompressor(_rig.Loop, _threadName, directory ?? _place.Path, _problems.Add));

    private void Append(RotatingFile file, long position, int count)
        => Assert.Equal(new AppendResult(count, null), file.Append(Log, false, _stream.Take(position, count)));

    private string[] Names() => [.. Directory.GetFiles(_place.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    /// <summary>What all files have, the oldest first.</summary>
    private byte[] All() => [.. Names().Order(StringComparer.Ordinal).Reverse().SelectMany(name =>
        name.EndsWith(".gz", StringComparison.Ordinal) ? Unpacked(_place[name]) : File.ReadAllBytes(_place[name]))];
}
