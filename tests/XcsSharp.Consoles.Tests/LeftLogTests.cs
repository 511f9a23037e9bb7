using Microsoft.Extensions.Time.Testing;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Logs whose disk was not done when their daemon ended: the next one goes on where the file is.</summary>
[Collection("logs")]
public sealed class LeftLogTests : IDisposable
{
    private const string Log = "guest-web.log";
    private const string Writer = "xcsd-logs";

    private readonly PrivateDirectory _place = new("left");
    private readonly ListLog _log = new();
    private readonly SeededStream _stream = new(SeededStream.ChooseSeed());

    public LeftLogTests()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {_stream.Seed}");
        Directory.CreateDirectory(_place["logs"]);
    }

    public void Dispose() => _place.Dispose();

    /// <summary>A write of more than a file holds would fill several, and of those in between nobody knows any more whose they are.</summary>
    [Fact]
    public async Task Small_files_are_filled_one_at_a_time_so_what_was_under_way_at_a_kill_comes_once()
    {
        const int FileBytes = 4096;
        const int Length = 5 * FileBytes;
        var clock = new FakeTimeProvider();
        using ConsoleRig killed = Start(Configure, clock: clock);
        var (_, ring, program, console) = killed.AddRing(1, "web");
        killed.Write(program, _stream.Take(0, 10));
        killed.RunUntil(() => console.BytesLogged == 10, "the log to begin");
        await using (HeldThread? held = await HeldThread.HoldAsync(Environment.ProcessId, Writer, TestContext.Current.CancellationToken))
        {
            Assert.SkipWhen(held is null, HeldThread.Refused);
            killed.Write(program, _stream.Take(10, Length - 10));
            clock.Advance(TimeSpan.FromMilliseconds(100));
            killed.RunUntil(() => !killed.Consoles.Logs!.Appender.IsIdle, "a write to be under way");
        }

        // It is written, and nobody hears of it.
        killed.SpinUntil(() => Logged().Length >= 10 + FileBytes, "the write");

        using ConsoleRig next = Start(Configure);
        ring.OfferTo(next.Hypervisor, 1);
        next.RunIdle();
        Assert.Equal(_stream.Take(0, Length), Logged());

        void Configure(ConsoleOptions options) => (options.LogBytes, options.LogFiles) = (FileBytes, 50);
    }

    private ConsoleRig Start(Action<ConsoleOptions>? configure = null, TimeProvider? clock = null)
        => new(
            options =>
            {
                options.SpoolFile = _place["spool"];
                options.LogDirectory = _place["logs"];
                configure?.Invoke(options);
            },
            clock,
            log: _log);

    /// <summary>All files of the log, the oldest first.</summary>
    private byte[] Logged()
        => [.. Directory.GetFiles(_place["logs"], Log + "*").OrderByDescending(NumberOf).SelectMany(File.ReadAllBytes)];

    private static int NumberOf(string file) => int.TryParse(Path.GetExtension(file).AsSpan(1), out int number) ? number : 0;
}
