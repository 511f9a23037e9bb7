using System.Globalization;

using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

public sealed class RotatingFileTests : IDisposable
{
    private readonly PrivateDirectory _place = new("append");
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public RotatingFileTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
    }

    private string Log => _place["guest.log"];

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Every_file_is_filled_to_its_last_byte_and_none_is_lost_between_two()
    {
        const int Length = 50_500;
        using RotatingFile file = new(limit: 1000, kept: 100);
        Random sizes = new((int)_stream.Seed);
        for (int position = 0; position < Length;)
        {
            int count = Math.Min(sizes.Next(1, 4000), Length - position);
            Append(file, _stream.Take(position, count));
            position += count;
        }

        string[] files = Files();
        Assert.Equal(51, files.Length);
        Assert.All(files[..^1], full => Assert.Equal(1000, new FileInfo(full).Length));
        Assert.Equal(_stream.Take(0, Length), files.SelectMany(File.ReadAllBytes));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void As_many_old_files_are_kept_as_is_said_and_they_are_the_newest(int kept)
    {
        using RotatingFile file = new(limit: 100, kept);
        Append(file, _stream.Take(0, 1050));
        string[] files = Files();
        Assert.Equal(kept + 1, files.Length);
        Assert.Equal(_stream.Take(1000 - (100 * kept), (100 * kept) + 50), files.SelectMany(File.ReadAllBytes));
    }

    [Fact]
    public void A_full_file_is_renamed_when_the_next_byte_comes_and_not_before()
    {
        using RotatingFile file = new(limit: 4, kept: 1);
        Append(file, "abcd"u8);
        Assert.Equal([Log], Files());
        Append(file, "e"u8);
        Assert.Equal([Log + ".1", Log], Files());
    }

    [Fact]
    public void What_is_there_is_continued_and_counts()
    {
        File.WriteAllText(Log, "123456");
        using RotatingFile file = new(limit: 8, kept: 1);
        Append(file, "789"u8);
        Assert.Equal("12345678", File.ReadAllText(Log + ".1"));
        Assert.Equal("9", File.ReadAllText(Log));
    }

    [Fact]
    public void A_file_that_is_too_long_already_is_put_aside_whole()
    {
        File.WriteAllText(Log, "1234567890");
        using RotatingFile file = new(limit: 8, kept: 1);
        Append(file, "x"u8);
        Assert.Equal("1234567890", File.ReadAllText(Log + ".1"));
        Assert.Equal("x", File.ReadAllText(Log));
    }

    [Fact]
    public void A_symbolic_link_in_its_place_is_not_followed()
    {
        File.WriteAllText(_place["victim"], "untouched");
        File.CreateSymbolicLink(Log, _place["victim"]);
        using RotatingFile file = new(limit: 8, kept: 1);
        AppendResult result = file.Append(Log, reopen: false, "x"u8);
        Assert.Equal(0, result.Written);
        Assert.Contains(Log, result.Problem, StringComparison.Ordinal);
        Assert.Equal("untouched", File.ReadAllText(_place["victim"]));

        // One that points nowhere makes nothing there.
        File.Delete(_place["victim"]);
        Assert.NotNull(file.Append(Log, reopen: false, "x"u8).Problem);
        Assert.False(File.Exists(_place["victim"]));

        File.Delete(Log);
        Append(file, "x"u8);
    }

    [Fact]
    public void A_symbolic_link_in_an_old_files_place_is_replaced_and_not_followed()
    {
        File.WriteAllText(_place["victim"], "untouched");
        File.CreateSymbolicLink(Log + ".1", _place["victim"]);
        File.CreateSymbolicLink(Log + ".2", _place["victim"]);
        using RotatingFile file = new(limit: 2, kept: 2);
        Append(file, "abc"u8);
        Assert.Equal("untouched", File.ReadAllText(_place["victim"]));
        Assert.Null(new FileInfo(Log + ".1").LinkTarget);
        Assert.Equal("ab", File.ReadAllText(Log + ".1"));
    }

    [Fact]
    public void A_named_pipe_in_its_place_is_refused_and_waited_for_by_nobody()
    {
        Assert.Equal(0, Mono.Unix.Native.Syscall.mkfifo(Log, Mono.Unix.Native.FilePermissions.S_IRWXU));
        using RotatingFile file = new(limit: 8, kept: 1);
        Assert.NotNull(file.Append(Log, reopen: false, "x"u8).Problem);

        using SafeFileHandle reader = Sys.Open(Log, Libc.O_RDWR | Libc.O_NONBLOCK);
        Assert.Contains("not a plain file", file.Append(Log, reopen: false, "x"u8).Problem, StringComparison.Ordinal);
        Assert.Empty(reader.ReadAll());
    }

    [Fact]
    public void An_old_file_that_cannot_be_put_aside_stops_it_at_the_limit()
    {
        Directory.CreateDirectory(Log + ".1/full");
        using RotatingFile file = new(limit: 4, kept: 1);
        AppendResult result = file.Append(Log, reopen: false, "abcdef"u8);
        Assert.Equal(4, result.Written);
        Assert.Contains("rename", result.Problem, StringComparison.Ordinal);
        Assert.Equal("abcd", File.ReadAllText(Log));

        Directory.Delete(Log + ".1", recursive: true);
        Append(file, "ef"u8);
        Assert.Equal(["abcd", "ef"], Files().Select(File.ReadAllText));
    }

    [Fact]
    public void A_file_that_was_removed_is_made_again()
    {
        using RotatingFile file = new(limit: 100, kept: 1);
        Append(file, "one"u8);
        File.Delete(Log);
        Append(file, "two"u8);
        Assert.Equal("two", File.ReadAllText(Log));
    }

    [Fact]
    public void A_file_that_was_truncated_is_filled_anew()
    {
        using RotatingFile file = new(limit: 4, kept: 1);
        Append(file, "abcd"u8);
        using (File.Open(Log, FileMode.Truncate))
        {
        }

        Append(file, "efgh"u8);
        Assert.Equal([Log], Files());
        Assert.Equal("efgh", File.ReadAllText(Log));
    }

    [Fact]
    public void After_a_rename_it_goes_on_with_the_old_file_until_it_is_opened_again()
    {
        using RotatingFile file = new(limit: 100, kept: 1);
        Append(file, "one "u8);
        File.Move(Log, _place["renamed"]);
        Append(file, "two"u8);
        Assert.Equal("one two", File.ReadAllText(_place["renamed"]));

        Assert.Null(file.Append(Log, reopen: true, []).Problem);
        Assert.True(File.Exists(Log), "it is there before the next byte");
        Append(file, "three"u8);
        Assert.Equal("three", File.ReadAllText(Log));
    }

    [Fact]
    public void A_file_without_a_byte_is_not_made()
    {
        using RotatingFile file = new(limit: 100, kept: 1);
        Assert.Null(file.Append(Log, reopen: true, []).Problem);
        Assert.Null(file.Append(Log, reopen: false, []).Problem);
        Assert.Empty(Files());
    }

    [Fact]
    public void It_is_made_for_its_group_to_read_and_opened_to_append_and_to_be_closed_on_exec()
    {
        using RotatingFile file = new(limit: 100, kept: 1);
        Append(file, "x"u8);
        Assert.Equal("640", Convert.ToString((int)File.GetUnixFileMode(Log), 8));

        string open = Directory.GetFiles("/proc/self/fd").Single(fd => new FileInfo(fd).LinkTarget == Log);
        string flags = File.ReadLines(open.Replace("/fd/", "/fdinfo/", StringComparison.Ordinal))
            .Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
        int value = Convert.ToInt32(flags[6..].Trim(), 8);
        Assert.Equal(Libc.O_APPEND, value & Libc.O_APPEND);
        Assert.Equal(Libc.O_CLOEXEC, value & Libc.O_CLOEXEC);
    }

    [Fact]
    public void A_full_disk_says_how_much_it_took()
    {
        using SmallFileSystem? small = SmallFileSystem.TryMount(_place["small"], 16 * 1024);
        Assert.SkipWhen(small is null, SmallFileSystem.Refused);
        string path = Path.Combine(small.Path, "guest.log");
        using RotatingFile file = new(limit: 1 << 20, kept: 1);
        AppendResult result = file.Append(path, reopen: false, _stream.Take(0, 40_000));
        Assert.InRange(result.Written, 1, 16 * 1024);
        Assert.Contains("ENOSPC", result.Problem, StringComparison.Ordinal);
        Assert.Contains(path, result.Problem, StringComparison.Ordinal);
        Assert.Equal(_stream.Take(0, result.Written), File.ReadAllBytes(path));
    }

    [Fact]
    public void A_write_allocates_nothing()
    {
        using RotatingFile file = new(limit: 1 << 30, kept: 1);
        byte[] bytes = _stream.Take(0, 100);
        Append(file, bytes);
        string path = Log;
        Appends();
        Assert.Equal(0, Allocations.Least(Appends));

        void Appends()
        {
            for (int i = 0; i < 10_000; i++)
            {
                _ = file.Append(path, reopen: false, bytes);
            }
        }
    }

    private void Append(RotatingFile file, ReadOnlySpan<byte> bytes)
        => Assert.Equal(new AppendResult(bytes.Length, null), file.Append(Log, reopen: false, bytes));

    /// <summary>The oldest first.</summary>
    private string[] Files()
        => [.. Directory.GetFiles(_place.Path).OrderByDescending(
            path => path == Log ? 0 : int.Parse(Path.GetExtension(path)[1..], CultureInfo.InvariantCulture))];
}
