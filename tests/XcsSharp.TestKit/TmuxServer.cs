using System.Diagnostics;

namespace XcsSharp.TestKit;

/// <summary>
/// A tmux of its own, with a private socket: windows in which programs run as on a terminal, whose screens a test can read.
/// </summary>
public sealed class TmuxServer : IAsyncDisposable
{
    private const string Tmux = "/usr/bin/tmux";

    /// <summary>tmux tells nobody that a screen has changed, so it is asked; this is between two questions.</summary>
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly PrivateDirectory _directory;
    private readonly ChildProcess _server;

    private TmuxServer(PrivateDirectory directory, ChildProcess server)
    {
        _directory = directory;
        _server = server;
    }

    /// <summary>Null where screens can be had; otherwise why not, for a skipped test.</summary>
    public static string? Unavailable => File.Exists(Tmux) ? null : $"{Tmux} is missing (package tmux)";

    private string Socket => _directory["tmux"];

    public static async Task<TmuxServer> StartAsync(CancellationToken cancel)
    {
        PrivateDirectory directory = new("t");
        await File.WriteAllTextAsync(
            directory["tmux.conf"],
            "set -g default-terminal screen-256color\nset -g status off\nset -g remain-on-exit on\nset -g escape-time 0\nset -g exit-empty off\n",
            cancel);

        // -D: in the foreground, so that it is a child that ends with the test.
        ChildProcess server = ChildProcess.Start(
            Tmux,
            ["-u", "-S", directory["tmux"], "-f", directory["tmux.conf"], "-D"],
            new() { Name = "tmux", Environment = new Dictionary<string, string> { ["TMUX"] = "", ["LANG"] = "C.UTF-8", ["SHELL"] = "/bin/sh" } });
        TmuxServer tmux = new(directory, server);
        long start = Stopwatch.GetTimestamp();
        while (!File.Exists(tmux.Socket))
        {
            ThrowIfLate(start, "tmux does not make its socket: " + server.Error.Text);
            await Task.Delay(s_look, cancel);
        }

        return tmux;
    }

    /// <summary>A window with a program; its name is how it is called from then on.</summary>
    public async Task OpenAsync(
        string window, string file, IEnumerable<string> arguments, CancellationToken cancel, int columns = 80, int rows = 24)
    {
        string command = "exec " + string.Join(' ', arguments.Prepend(file).Select(Quote));
        await RunAsync(cancel, "new-session", "-d", "-x", $"{columns}", "-y", $"{rows}", "-s", window, command);
    }

    /// <summary>Types text as it is.</summary>
    public Task TypeAsync(string window, string text, CancellationToken cancel)
        => RunAsync(cancel, "send-keys", "-t", window, "-l", "--", text);

    /// <summary>Presses keys by tmux's names for them: <c>C-]</c>, <c>Down</c>, <c>Enter</c>.</summary>
    public Task PressAsync(string window, CancellationToken cancel, params string[] keys)
        => RunAsync(cancel, ["send-keys", "-t", window, .. keys]);

    public Task ResizeAsync(string window, int columns, int rows, CancellationToken cancel)
        => RunAsync(cancel, "resize-window", "-t", window, "-x", $"{columns}", "-y", $"{rows}");

    /// <summary>What the window shows, without spaces at the ends of lines.</summary>
    /// <param name="window">Its name.</param>
    /// <param name="cancel">Gives up.</param>
    /// <param name="withColours">With the sequences that colours and the like need.</param>
    public async Task<string> ScreenAsync(string window, CancellationToken cancel, bool withColours = false)
    {
        string[] colours = withColours ? ["-e"] : [];
        return await RunAsync(cancel, ["capture-pane", "-p", "-t", window, .. colours]);
    }

    /// <summary>A property of the window's, as <c>cursor_x</c> or <c>alternate_on</c>.</summary>
    public async Task<string> PropertyAsync(string window, string format, CancellationToken cancel)
        => (await RunAsync(cancel, "display-message", "-p", "-t", window, format)).TrimEnd('\n');

    /// <summary>Waits until a screen is as wanted.</summary>
    /// <returns>The screen.</returns>
    /// <exception cref="TimeoutException">It never is; the message shows what it is.</exception>
    public async Task<string> WaitAsync(
        string window, Func<string, bool> wanted, string what, CancellationToken cancel, bool withColours = false)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            string screen = await ScreenAsync(window, cancel, withColours);
            if (wanted(screen))
            {
                return screen;
            }

            ThrowIfLate(start, $"waited in vain for {what}; the screen is:\n{screen}");
            await Task.Delay(s_look, cancel);
        }
    }

    public Task<string> WaitForTextAsync(string window, string text, CancellationToken cancel)
        => WaitAsync(window, screen => screen.Contains(text, StringComparison.Ordinal), $"'{text}'", cancel);

    public async ValueTask DisposeAsync()
    {
        _ = await ChildProcess.RunAsync(Tmux, ["-S", Socket, "kill-server"], CancellationToken.None);
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    private static void ThrowIfLate(long start, string message)
    {
        if (Stopwatch.GetElapsedTime(start) > Transcript.DefaultDeadline)
        {
            throw new TimeoutException(message);
        }
    }

    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private async Task<string> RunAsync(CancellationToken cancel, params string[] arguments)
    {
        ChildResult result = await ChildProcess.RunAsync(Tmux, ["-u", "-S", Socket, .. arguments], cancel);
        return result.ExitCode == 0
            ? result.Output
            : throw new InvalidOperationException($"tmux {string.Join(' ', arguments)}: {result.Error}");
    }
}
