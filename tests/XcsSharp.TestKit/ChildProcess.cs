using System.Collections.Concurrent;
using System.Diagnostics;

using Mono.Unix.Native;

namespace XcsSharp.TestKit;

/// <summary>
/// A process that cannot outlive this one: the kernel kills it when this one ends, however it ends. It has its own
/// session and no terminal, its output is kept, and it is killed and reaped on dispose.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    // The parent-death signal is sent when the *thread* that forked ends, and pool threads end when idle. So one
    // thread that never ends starts all children.
    private static readonly BlockingCollection<Action> s_spawner = StartSpawner();

    // What would make a child listen to the surroundings of the test instead of to the test.
    private static readonly string[] s_ownVariables =
        ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

    private static readonly string[] s_ownPrefixes = ["XCSD_", "XCS_", "SIMXEN_"];

    private readonly Process _process;
    private readonly Task _pumps;

    private ChildProcess(Process process, ChildOptions options)
    {
        _process = process;
        Id = process.Id;
        Name = options.Name;
        Output = new Transcript($"{Name} (stdout)");
        Error = new Transcript($"{Name} (stderr)");
        _pumps = Task.WhenAll(
            PumpAsync(process.StandardOutput.BaseStream, options.OnOutput ?? Output.Append, Output),
            PumpAsync(process.StandardError.BaseStream, Error.Append, Error));
        Exited = WaitForExitAsync();
    }

    public int Id { get; }

    public string Name { get; }

    public Transcript Output { get; }

    public Transcript Error { get; }

    /// <summary>Its standard input. Dispose it for an end of file.</summary>
    public Stream Input => _process.StandardInput.BaseStream;

    /// <summary>Its exit code, or 128 + n if signal n ended it.</summary>
    public Task<int> Exited { get; }

    public bool HasExited => Exited.IsCompleted;

    public static ChildProcess Start(string file, IEnumerable<string> arguments, ChildOptions? options = null)
    {
        options ??= new ChildOptions();
        ProcessStartInfo start = new("setpriv")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

        // Each of these becomes the program itself by exec: the process id stays. Signals are set back because whoever
        // runs the tests in the background of a shell makes us, and our children, ignore SIGINT.
        foreach (string argument in (IEnumerable<string>)
            ["--pdeathsig", "KILL", "env", "--default-signal", "setsid", file, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        SetEnvironment(start.Environment, options.Environment);
        if (options.Name.Length == 0)
        {
            options = options with { Name = Path.GetFileName(file) };
        }

        return new ChildProcess(Spawn(start), options);
    }

    /// <summary>Runs a program to its end on the terminal that this process has.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> RunOnTerminalAsync(string file, IEnumerable<string> arguments, CancellationToken cancel)
    {
        ProcessStartInfo start = new("setpriv", ["--pdeathsig", "TERM", file, .. arguments]) { UseShellExecute = false };
        using Process process = Spawn(start);
        try
        {
            await process.WaitForExitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            // A chance to put the terminal back as it was.
            _ = Syscall.kill(process.Id, Signum.SIGTERM);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }

        return process.ExitCode;
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<ChildResult> RunAsync(
        string file, IEnumerable<string> arguments, CancellationToken cancel, ChildOptions? options = null)
    {
        await using ChildProcess child = Start(file, arguments, options);
        await child.Input.DisposeAsync();
        int code = await child.WaitAsync(cancel);
        return new ChildResult(code, child.Output.Text, child.Error.Text);
    }

    /// <summary>Waits for its end and for the end of its output.</summary>
    /// <exception cref="TimeoutException">It still runs; the message shows what it said.</exception>
    public async Task<int> WaitAsync(CancellationToken cancel, TimeSpan? deadline = null)
    {
        try
        {
            int code = await Exited.WaitAsync(deadline ?? Transcript.DefaultDeadline, cancel);
            await _pumps.WaitAsync(deadline ?? Transcript.DefaultDeadline, cancel);
            return code;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{Name} does not end. It said:\n{Output.Text}\n{Error.Text}");
        }
    }

    /// <summary>Sends a signal. A process that has just ended takes it silently: its id is ours until it is reaped.</summary>
    public void Signal(Signum signal)
    {
        if (!Exited.IsCompleted)
        {
            _ = Syscall.kill(Id, signal);
        }
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task Kill9Async(CancellationToken cancel)
    {
        Signal(Signum.SIGKILL);
        await Exited.WaitAsync(Transcript.DefaultDeadline, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        Signal(Signum.SIGKILL);
        await Exited;
        try
        {
            // A grandchild that lives on may hold the pipes: not our wait.
            await _pumps.WaitAsync(TimeSpan.FromSeconds(1));
        }
        catch (TimeoutException)
        {
        }

        _process.Dispose();
    }

    private static Process Spawn(ProcessStartInfo start)
    {
        TaskCompletionSource<Process> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        s_spawner.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception failure)
            {
                started.SetException(failure);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    private static void SetEnvironment(IDictionary<string, string?> all, IEnumerable<KeyValuePair<string, string>> wanted)
    {
        foreach (string name in all.Keys.ToArray())
        {
            if (s_ownVariables.Contains(name) || s_ownPrefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal)))
            {
                all.Remove(name);
            }
        }

        foreach ((string name, string value) in wanted)
        {
            all[name] = value;
        }
    }

    private static async Task PumpAsync(Stream from, BytesReceived to, Transcript ended)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer)) > 0)
            {
                to(buffer.AsSpan(0, count));
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The pipe went with the process.
        }
        finally
        {
            ended.End();
        }
    }

    private static BlockingCollection<Action> StartSpawner()
    {
        BlockingCollection<Action> queue = [];
        Thread thread = new(() =>
        {
            foreach (Action start in queue.GetConsumingEnumerable())
            {
                start();
            }
        })
        {
            IsBackground = true,
            Name = "starts children",
        };
        thread.Start();
        return queue;
    }

    private async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }
}
