using System.Diagnostics;

namespace XcsSharp.Mutation;

/// <summary>An area's tests in a process that is started when it is needed, and ended when a mutant has hung it.</summary>
internal sealed class HostedTests(string tests, string control) : IDisposable
{
    /// <summary>No run takes so long that does not hang, whatever else the machine does: time of the processor.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>A mutant that waits for what never comes takes next to no time of the processor.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan s_nextToNone = TimeSpan.FromMilliseconds(200);

    private const string Died = "the process died";

    private Process? _host;

    /// <summary>Runs them once.</summary>
    /// <param name="mutant">Which one is active; -1: none.</param>
    /// <param name="which">Of the tests, in the words of xunit's own runner.</param>
    /// <param name="alone">In a process of its own: also what happens once in a process happens then.</param>
    /// <returns>Null when they all pass; otherwise what did not.</returns>
    public async Task<string?> RunAsync(int mutant, string which, bool alone = false)
    {
        string? failure = await RunOnceAsync(mutant, which, alone);

        // One that ran before it in the same process may have been the reason.
        return failure == Died && !alone ? await RunOnceAsync(mutant, which, alone: true) : failure;
    }

    public void Dispose()
    {
        if (_host is not null)
        {
            _host.Kill();
            _host.WaitForExit();
            _host.Dispose();
            _host = null;
        }
    }

    private async Task<string?> RunOnceAsync(int mutant, string which, bool alone)
    {
        if (alone)
        {
            Dispose();
        }

        // The mutated assembly has this mapped, and looks at it each time that it comes to a mutant: never shorter.
        await using (FileStream file = new(control, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Write(BitConverter.GetBytes(mutant));
        }

        _host ??= Start();
        await _host.StandardInput.WriteLineAsync($"-noLogo -noColor -stopOnFail {which}");
        string? failure = await ReadAsync(_host);
        if (alone)
        {
            Dispose();
        }

        return failure;
    }

    private async Task<string?> ReadAsync(Process host)
    {
        TimeSpan before = host.TotalProcessorTime;
        TimeSpan seen = before;
        long seenAt = Stopwatch.GetTimestamp();
        Task<string?> reading = ReadResultAsync(host);
        while (await Task.WhenAny(reading, Task.Delay(200)) != reading)
        {
            if (host.HasExited)
            {
                break;
            }

            host.Refresh();
            TimeSpan used = host.TotalProcessorTime;
            if (used - seen > s_nextToNone)
            {
                (seen, seenAt) = (used, Stopwatch.GetTimestamp());
            }

            if (used - before > s_limit || Stopwatch.GetElapsedTime(seenAt) > s_patience)
            {
                Dispose();
                return "it hangs";
            }
        }

        if (await reading is not { } result)
        {
            Dispose();
            return Died;
        }

        return result.StartsWith(TestHost.Mark + "0 ", StringComparison.Ordinal) ? null : result[TestHost.Mark.Length..];
    }

    private static async Task<string?> ReadResultAsync(Process host)
    {
        string? line;
        do
        {
            line = await host.StandardOutput.ReadLineAsync();
        }
        while (line?.StartsWith(TestHost.Mark, StringComparison.Ordinal) == false);

        return line;
    }

    private Process Start() => Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(HostedTests).Assembly.Location, "host", tests])
    {
        WorkingDirectory = Path.GetDirectoryName(tests)!,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        // Of tests that choose, the choice is the same each time.
        Environment = { ["STRYKER_MUTANT_FILE"] = control, ["XCS_SEED"] = "1" },
    })!;
}
