using System.Collections.Concurrent;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using XcsSharp.Daemon.Settings;
using XcsSharp.Interop;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// A bug of ours, on the loop's thread: the daemon's own host, in this process, with a log that throws where the loop writes it.
/// </summary>
public sealed class OwnBugTests
{
    private const string OnTheLoop = "Session";

    [Fact]
    public async Task An_exception_that_leaves_the_loop_ends_the_daemon_with_code_1_and_says_that_it_is_a_bug()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        using ThrowingLog log = new(OnTheLoop);
        Task<int> daemon = Start(places, log);
        await log.UntilAsync("serves", daemon);

        // Only now: the start fails in another way.
        log.Throws = true;
        using RecordSocket client = await RecordSocket.ConnectAsync(places.Xcs, Lab.Cancel);
        await client.SendAsync(new Protocol.XcsRecord { Type = Protocol.RecordType.ConnectControl }, Lab.Cancel);

        Assert.Equal(ExitCode.LoopFailed, await daemon.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel));
        LogLine line = Assert.Single(log.Lines, static line => line.Level == LogLevel.Critical);
        Assert.Contains("this is a bug of xcsd", line.Text, StringComparison.Ordinal);
        Assert.Same(log.Thrown, Assert.IsType<AggregateException>(line.Cause).InnerException);
        Assert.DoesNotContain(log.Lines, static line => line.Text.StartsWith("Stopped as asked", StringComparison.Ordinal));

        // The loop's thread has put its things away all the same.
        Assert.False(File.Exists(places.Xcs) || File.Exists(places.Console), "a socket is left");
    }

    [Fact]
    public async Task The_next_daemon_goes_on_with_the_output_as_after_a_kill()
    {
        await using SimMachine machine = await SimMachine.StartAsync(Lab.Cancel);
        DaemonPlaces places = new(machine);
        using ThrowingLog log = new(OnTheLoop);
        Task<int> daemon = Start(places, log);
        await log.UntilAsync("serves", daemon);
        await using GuestProgram guest = GuestProgram.StartConsole(machine, new GuestOptions("web"), null);
        await OperatorQuery.WaitForConnectedAsync(places.Console, "web", Lab.Cancel);
        await guest.WriteAsync("before\n", Lab.Cancel);
        await OperatorQuery.WaitForListAsync(places.Console, static list => list.Domains[0].BytesOut == 7, "its output", Lab.Cancel);
        log.Throws = true;
        using RecordSocket client = await RecordSocket.ConnectAsync(places.Xcs, Lab.Cancel);
        await client.SendAsync(new Protocol.XcsRecord { Type = Protocol.RecordType.ConnectControl }, Lab.Cancel);
        Assert.Equal(ExitCode.LoopFailed, await daemon.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel));

        await using XcsdDaemon next = await XcsdDaemon.StartAsync(places, Lab.Cancel);
        await OperatorQuery.WaitForConnectedAsync(places.Console, "web", Lab.Cancel);
        await guest.WriteAsync("after\n", Lab.Cancel);
        await OperatorQuery.WaitForListAsync(places.Console, static list => list.Domains[0].Consoles![0].BytesLogged == 13, "all of it in the log", Lab.Cancel);

        await using ConsoleSocket kept = await ConsoleSocket.AskAsync(places.Console, "LOG web", Lab.Cancel);
        Assert.Equal("before\nafter\n", System.Text.Encoding.ASCII.GetString(await kept.ReadToEndAsync(Lab.Cancel)));
        Assert.Equal("before\nafter\n", await File.ReadAllTextAsync(Path.Combine(places.LogDirectory, "guest-web.log"), Lab.Cancel));
        Assert.Equal(0, await next.TerminateAsync(Lab.Cancel));
        Assert.False(File.Exists(places.Console + ".spool"), "a spool is left by an orderly end");
    }

    private static Task<int> Start(DaemonPlaces places, ThrowingLog log)
    {
        Environment.SetEnvironmentVariable(HypervisorLibraries.LibraryVariable, Executables.Path("libsimxen.so"));
        HostApplicationBuilder builder = XcsdHost.CreateBuilder(
            SettingsReader.Read(CommandLine.Parse([.. places.Arguments()])));
        builder.Logging.ClearProviders().AddProvider(log);
        return XcsdHost.RunAsync(builder);
    }

    private sealed record LogLine(LogLevel Level, string Text, Exception? Cause);

    /// <summary>Keeps the lines; throws, once it is to, at one that begins in a certain way.</summary>
    private sealed class ThrowingLog(string at) : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource _serves = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentQueue<LogLine> _lines = new();

        public bool Throws { get; set; }

        public Exception Thrown { get; } = new InvalidOperationException("made up by a test");

        public IEnumerable<LogLine> Lines => _lines;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string text = formatter(state, exception);
            _lines.Enqueue(new LogLine(logLevel, text, exception));
            if (Throws && text.StartsWith(at, StringComparison.Ordinal))
            {
                // Once: the loop's thread is to put its things away.
                Throws = false;
                throw Thrown;
            }

            if (text.Contains(" serves ", StringComparison.Ordinal))
            {
                _serves.SetResult();
            }
        }

        /// <summary>Waits until the daemon serves, or has ended instead.</summary>
        public async Task UntilAsync(string what, Task daemon)
        {
            Task first = await Task.WhenAny(_serves.Task, daemon).WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
            Assert.True(first == _serves.Task, $"it ended before it {what}");
        }

        public void Dispose()
        {
        }
    }
}
