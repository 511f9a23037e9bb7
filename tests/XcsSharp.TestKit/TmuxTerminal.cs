namespace XcsSharp.TestKit;

/// <summary>
/// A shell in the one window of a <see cref="TmuxServer"/>, and in it a program: what a person sees of it, as text, after all its cursor movements.
/// </summary>
public sealed class TmuxTerminal : IAsyncDisposable
{
    private const string Window = "shell";

    private readonly TmuxServer _tmux;

    private TmuxTerminal(TmuxServer tmux)
    {
        _tmux = tmux;
    }

    /// <summary>Starts a shell on a screen, and in it a program; what is there before and behind the program is the shell's.</summary>
    public static async Task<TmuxTerminal> StartAsync(int columns, int rows, string command, CancellationToken cancel)
    {
        TmuxTerminal terminal = new(await TmuxServer.StartAsync(cancel));
        try
        {
            await terminal._tmux.OpenAsync(
                Window,
                "/usr/bin/env",
                ["-i", "LC_ALL=C.UTF-8", "TERM=screen-256color", "PATH=/usr/bin:/bin", "PS1=shell ", "/bin/sh"],
                cancel,
                columns,
                rows);
            await terminal.WaitForAsync(static screen => screen.Contains("shell", StringComparison.Ordinal), "a shell", cancel);
            await terminal.TypeAsync($"{command}\n", cancel);
            return terminal;
        }
        catch
        {
            await terminal.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the screen is as wanted.</summary>
    /// <returns>Its lines, without spaces at their ends.</returns>
    /// <exception cref="TimeoutException">It does not come to be; the message has the screen.</exception>
    public async Task<string[]> WaitForAsync(Func<string, bool> condition, string wanted, CancellationToken cancel)
        => (await _tmux.WaitAsync(Window, screen => condition(screen.TrimEnd('\n')), wanted, cancel)).TrimEnd('\n').Split('\n');

    /// <summary>Presses keys, letter by letter.</summary>
    public Task TypeAsync(string text, CancellationToken cancel) => _tmux.TypeAsync(Window, text.Replace('\n', '\r'), cancel);

    public Task ResizeAsync(int columns, int rows, CancellationToken cancel) => _tmux.ResizeAsync(Window, columns, rows, cancel);

    /// <summary>Whether the alternate screen is shown.</summary>
    public async Task<bool> IsAlternateAsync(CancellationToken cancel)
        => await _tmux.PropertyAsync(Window, "#{alternate_on}", cancel) == "1";

    public ValueTask DisposeAsync() => _tmux.DisposeAsync();
}
