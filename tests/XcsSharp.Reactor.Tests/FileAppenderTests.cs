using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

public sealed class FileAppenderTests : IDisposable
{
    private const string ThreadName = "test-appender";

    private readonly PrivateDirectory _place = new("appender");
    private readonly LoopRig _rig = new();
    private readonly FileAppender _appender;

    public FileAppenderTests()
    {
        _appender = _rig.Own(new FileAppender(_rig.Loop, ThreadName));
    }

    public void Dispose()
    {
        _rig.Dispose();
        _place.Dispose();
    }

    [Fact]
    public void Bytes_reach_the_file_and_the_loop_hears_of_it_on_its_own_thread()
    {
        Source source = new(this, "a");
        source.Add("hello"u8);
        _rig.TurnUntil(() => source.Written == 5);
        Assert.Equal("hello", File.ReadAllText(source.File.Path));
        Assert.True(source.IsHeardOnLoop);
        _rig.AssertSleeps();
    }

    [Fact]
    public async Task While_the_disk_hangs_the_loop_turns_and_bytes_gather_with_their_owners()
    {
        Source[] sources = [.. Enumerable.Range(0, 10).Select(i => new Source(this, $"{i}"))];
        foreach (Source source in sources)
        {
            source.Add("first "u8);
        }

        _rig.TurnUntil(() => _appender.IsIdle);
        int asked = sources.Sum(source => source.Asked);
        await using (HeldThread? held = await HeldThread.HoldAsync(
            Environment.ProcessId, ThreadName, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            for (int i = 0; i < 100; i++)
            {
                foreach (Source source in sources)
                {
                    source.Add("x"u8);
                }

                _rig.TurnUntilIdle();
            }

            // Four buffers are all that ever wait for the disk; a file has at most one of them.
            Assert.Equal(4, sources.Sum(source => source.Asked) - asked);
            Assert.All(sources, source => Assert.InRange(source.Asked, 1, 2));
            _rig.AssertSleeps();
        }

        _rig.TurnUntil(() => _appender.IsIdle);
        string wanted = "first " + new string('x', 100);
        Assert.All(sources, source => Assert.Equal(wanted, File.ReadAllText(source.File.Path)));

        // What gathered went with one write.
        Assert.All(sources, source => Assert.InRange(source.Asked, 2, 3));
    }

    [Fact]
    public async Task Draining_ends_at_its_limit_when_the_disk_hangs_and_with_the_last_byte_when_it_does_not()
    {
        Source source = new(this, "a");
        await using (HeldThread? held = await HeldThread.HoldAsync(
            Environment.ProcessId, ThreadName, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            source.Add("one "u8);
            source.Add("two "u8);
            Assert.False(_appender.Drain(TimeSpan.FromMilliseconds(100)));
        }

        source.Add("three"u8);
        ulong turns = _rig.Loop.Turns;
        Assert.True(_appender.Drain(LoopRig.Deadline));
        Assert.Equal("one two three", File.ReadAllText(source.File.Path));
        Assert.Equal(turns, _rig.Loop.Turns);
    }

    [Fact]
    public void A_failure_is_a_result_and_the_bytes_are_the_owners_again()
    {
        Directory.CreateDirectory(_place["a"]);
        Source source = new(this, "a");
        source.Add("hello"u8);
        _rig.TurnUntil(() => source.Problem is not null);
        Assert.Contains("EISDIR", source.Problem, StringComparison.Ordinal);
        Assert.Equal(0, source.Written);

        Directory.Delete(_place["a"]);
        source.File.Append();
        _rig.TurnUntil(() => source.Written == 5);
        Assert.Equal("hello", File.ReadAllText(source.File.Path));
    }

    [Fact]
    public void Another_name_takes_what_comes_after_it()
    {
        Source source = new(this, "a");
        source.Add("one"u8);
        _rig.TurnUntil(() => _appender.IsIdle);
        source.File.MoveTo(_place["b"]);
        source.Add("two"u8);
        _rig.TurnUntil(() => _appender.IsIdle);
        Assert.Equal("one", File.ReadAllText(_place["a"]));
        Assert.Equal("two", File.ReadAllText(_place["b"]));
        Assert.Equal([_place["b"]], OpenFiles());
    }

    [Fact]
    public void Opening_again_follows_the_name_without_another_byte()
    {
        Source source = new(this, "a");
        source.Add("one"u8);
        _rig.TurnUntil(() => _appender.IsIdle);
        File.Move(_place["a"], _place["renamed"]);
        source.File.Reopen();
        _rig.TurnUntil(() => _appender.IsIdle);
        Assert.Equal([_place["a"]], OpenFiles());
        Assert.Equal("", File.ReadAllText(_place["a"]));
    }

    [Fact]
    public async Task Disposing_closes_the_file_after_the_write_that_is_under_way()
    {
        Source source = new(this, "a");
        source.Add("one"u8);
        _rig.TurnUntil(() => _appender.IsIdle);
        await using (HeldThread? held = await HeldThread.HoldAsync(
            Environment.ProcessId, ThreadName, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            source.Add("two"u8);
            source.File.Dispose();
            source.File.Dispose();
            source.Add("never"u8);
            _rig.TurnUntilIdle();
            Assert.Equal([_place["a"]], OpenFiles());
        }

        _rig.TurnUntil(() => _appender.IsIdle);
        Assert.Empty(OpenFiles());
        Assert.Equal("onetwo", File.ReadAllText(_place["a"]));
        Assert.Equal(3, source.Written); // it hears no more after the first
    }

    [Fact]
    public void A_directory_is_made_with_its_mode_and_refused_when_it_cannot_be()
    {
        FileAppender.PrepareDirectory(_place["made/here"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(_place["made/here"]), 8));
        FileAppender.PrepareDirectory(_place["made/here"], UnixFileMode.OtherRead);
        Assert.Equal("700", Convert.ToString((int)File.GetUnixFileMode(_place["made/here"]), 8));

        File.WriteAllText(_place["file"], "");
        Assert.ThrowsAny<IOException>(() => FileAppender.PrepareDirectory(_place["file/log"], UnixFileMode.UserRead));
        Assert.ThrowsAny<IOException>(() => FileAppender.PrepareDirectory("/proc/self/log", UnixFileMode.UserRead));
    }

    [Fact]
    public void A_directory_that_is_there_but_cannot_be_written_is_refused()
    {
        using SmallFileSystem? small = SmallFileSystem.TryMount(_place["small"], 16 * 1024, readOnly: true);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        ErrnoException refused = Assert.Throws<ErrnoException>(
            () => FileAppender.PrepareDirectory(small.Path, UnixFileMode.UserRead));
        Assert.Equal(Errno.EROFS, refused.Errno);
    }

    [Fact]
    public void A_write_allocates_nothing_on_the_loop()
    {
        Source source = new(this, "a");
        byte[] bytes = new byte[100];
        Rounds(3000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Rounds(3000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(6000 * 100, source.Written);
        Assert.Equal(0, allocated);

        void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                source.Add(bytes);
                while (!_appender.IsIdle)
                {
                    _ = _rig.Loop.RunOnce(LoopRig.Deadline);
                }
            }
        }
    }

    [Fact]
    public void A_look_says_whether_the_file_ends_inside_a_line_and_goes_before_what_is_written()
    {
        Source source = new(this, "a");
        Assert.Null(LookAt());
        foreach ((string content, bool? expected) in new (string, bool?)[] { ("", null), ("line\n", false), ("line\npart", true) })
        {
            File.WriteAllText(source.File.Path, content);
            Assert.Equal(expected, LookAt());
        }

        // What is written meanwhile comes after it.
        int asked = source.Asked;
        source.File.Look();
        source.Add("more"u8);
        Assert.Equal(asked, source.Asked);
        _rig.TurnUntil(() => source.Written == 4);
        Assert.Equal(5, source.Looks.Count);

        // A pipe is not waited for, and what is no file has no end.
        File.Delete(source.File.Path);
        Assert.Equal(0, Mono.Unix.Native.Syscall.mkfifo(source.File.Path, Mono.Unix.Native.FilePermissions.S_IRUSR | Mono.Unix.Native.FilePermissions.S_IWUSR));
        Assert.Null(LookAt());
        _rig.AssertSleeps();

        bool? LookAt()
        {
            int before = source.Looks.Count;
            source.File.Look();
            _rig.TurnUntil(() => source.Looks.Count > before);
            return source.Looks[^1];
        }
    }

    private string[] OpenFiles()
        => [.. Directory.GetFiles("/proc/self/fd")
            .Select(fd => new FileInfo(fd).LinkTarget ?? "")
            .Where(target => target.StartsWith(_place.Path + "/", StringComparison.Ordinal))];

    private sealed class Source : IAppendSource
    {
        private readonly FileAppenderTests _test;
        private readonly byte[] _bytes = new byte[4096];
        private int _count;
        private int _underWay;

        public Source(FileAppenderTests test, string name)
        {
            _test = test;
            File = test._appender.Open(this, test._place[name], 1 << 30, kept: 1);
        }

        public AppendFile File { get; }

        public int Asked { get; private set; }

        public int Written { get; private set; }

        public string? Problem { get; private set; }

        public bool IsHeardOnLoop { get; private set; }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_bytes.AsSpan(_count));
            _count += bytes.Length;
            File.Append();
        }

        public int Fill(Span<byte> buffer)
        {
            Asked++;
            _bytes.AsSpan(0, _count).CopyTo(buffer);
            return _underWay = _count;
        }

        public List<bool?> Looks { get; } = [];

        public void OnLooked(bool? endsInsideLine) => Looks.Add(endsInsideLine);

        public void OnAppended(AppendResult result)
        {
            IsHeardOnLoop = _test._rig.Loop.IsLoopThread;
            Assert.True(result.Written <= _underWay);
            Written += result.Written;
            Problem = result.Problem;
            _count -= result.Written;
            _bytes.AsSpan(result.Written, _count).CopyTo(_bytes);
        }
    }
}
