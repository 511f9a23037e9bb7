using System.Text;

namespace XcsSharp.TestKit;

/// <summary>A program on a terminal of its own, as if somebody sat there: <c>script</c> makes the pty.</summary>
public sealed class TerminalProgram : IAsyncDisposable
{
    private const string Script = "/usr/bin/script";

    private readonly ChildProcess _script;

    private TerminalProgram(ChildProcess script)
    {
        _script = script;
    }

    /// <summary>Null where programs can be given a terminal; otherwise why not, for a skipped test.</summary>
    public static string? Unavailable => File.Exists(Script) ? null : $"{Script} is missing (package bsdutils)";

    /// <summary>What the terminal shows.</summary>
    public Transcript Screen => _script.Output;

    /// <summary>The program's exit code.</summary>
    public Task<int> Exited => _script.Exited;

    public static TerminalProgram Start(string file, IEnumerable<string> arguments, ChildOptions? options = null)
    {
        string command = string.Join(' ', arguments.Prepend(file).Select(Quote));
        options = (options ?? new ChildOptions()) with { Name = $"terminal of {Path.GetFileName(file)}" };

        // "exec": the program is the terminal's session leader, without a shell that would survive its hang-up.
        return new TerminalProgram(ChildProcess.Start(Script, ["-qfec", $"exec {command}", "/dev/null"], options));
    }

    /// <summary>Presses keys. They go in with one write, as a paste does.</summary>
    public async Task TypeAsync(string keys, CancellationToken cancel)
    {
        await _script.Input.WriteAsync(Encoding.UTF8.GetBytes(keys), cancel);
        await _script.Input.FlushAsync(cancel);
    }

    public Task<int> WaitAsync(CancellationToken cancel, TimeSpan? deadline = null) => _script.WaitAsync(cancel, deadline);

    /// <summary>The terminal goes away, and the program gets SIGHUP.</summary>
    public ValueTask DisposeAsync() => _script.DisposeAsync();

    private static string Quote(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
