using System.Diagnostics;
using System.Globalization;

using XcsSharp.Fuzz.Engine;

namespace XcsSharp.Fuzz;

/// <summary>The commands.</summary>
internal static class FuzzProgram
{
    /// <summary>No file that is replayed is longer.</summary>
    private const int MostBytes = 1 << 20;

    public static int Run(FuzzOptions options)
    {
        // First of all: instrumented code writes into the map as soon as it runs.
        Coverage coverage = new();
        InputFiles files = new(options.Inputs, options.Findings);
        switch (options.Command)
        {
            case FuzzCommand.Instrument:
                options.Arguments.ForEach(Instrumenter.Run);
                return 0;
            case FuzzCommand.List:
                Array.ForEach(TargetTable.All, static row => Console.WriteLine(row.Name));
                return 0;
            case FuzzCommand.Replay:
                return options.Arguments.Count(path => !Replay(path, coverage, files)) == 0 ? 0 : 1;
            case FuzzCommand.Check:
                return Check(options, coverage, files);
            default:
                return Rows(options).Count(row => !Fuzz(row, options, coverage, files)) == 0 ? 0 : 1;
        }
    }

    private static TargetRow[] Rows(FuzzOptions options)
        => options.Arguments.Count == 0 ? TargetTable.All : [.. options.Arguments.Select(TargetTable.Find)];

    private static bool Replay(string path, Coverage coverage, InputFiles files)
    {
        string name = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? "";
        using CurrentInput current = Current(name, files);
        using FuzzRun run = new(TargetTable.Find(name).Make, coverage, current);
        Exception? cause = run.TryExecute(File.ReadAllBytes(path));
        Console.WriteLine($"{name}: {path}: {cause?.ToString() ?? "nothing broken"}");
        return cause is null;
    }

    /// <summary>Fuzzes for some time, or makes the corpus anew after that.</summary>
    private static bool Fuzz(TargetRow row, FuzzOptions options, Coverage coverage, InputFiles files)
    {
        ulong seed = options.Seed ?? (ulong)Stopwatch.GetTimestamp();
        ReportLeftover(row.Name, files);
        using CurrentInput current = Current(row.Name, files);
        using FuzzRun run = new(row.Make, coverage, current) { Progress = result => Tell(row.Name, result) };
        Console.WriteLine($"{row.Name}: seed {seed}");
        RunLimit limit = new(
            options.Executions ?? long.MaxValue,
            options.Time ?? (options.Executions is null ? TimeSpan.FromSeconds(60) : TimeSpan.MaxValue));
        RunResult result = run.Run(files.Corpus(row.Name), seed, limit);
        Console.WriteLine();
        Console.WriteLine(Line(row.Name, result));
        if (result.Finding is { } finding)
        {
            Report(row.Name, finding, run, files);
            return false;
        }

        if (options.Command == FuzzCommand.Minimize)
        {
            List<byte[]> chosen = Minimizer.Choose(run, coverage, run.Corpus, options.Files, options.Bytes);
            files.WriteCorpus(row.Name, chosen);
            Console.WriteLine($"{row.Name}: a corpus of {chosen.Count} files, {chosen.Sum(static input => input.Length)} bytes");
        }

        return true;
    }

    /// <summary>
    /// The suite of <c>./build.sh test</c>: one test for each regression, each corpus and each fixed run, which goes on, still by its seed, until its time is over.
    /// </summary>
    private static int Check(FuzzOptions options, Coverage coverage, InputFiles files)
    {
        int passed = 0;
        int failed = 0;
        foreach (TargetRow row in Rows(options))
        {
            ReportLeftover(row.Name, files);
            using CurrentInput current = Current(row.Name, files);
            using FuzzRun run = new(row.Make, coverage, current);
            foreach ((string name, byte[] bytes) in files.Regressions(row.Name))
            {
                Exception? cause = run.TryExecute(bytes);
                Console.WriteLine($"{(cause is null ? "ok  " : "FAIL")} {row.Name}: {name} {cause}");
                Count(cause is null);
            }

            long least = options.Executions ?? row.CheckExecutions;
            RunLimit limit = options.Time is { } time ? new RunLimit(long.MaxValue, time, least) : new RunLimit(least, TimeSpan.MaxValue);
            RunResult result = run.Run(files.Corpus(row.Name), options.Seed ?? FuzzOptions.CheckSeed, limit);
            bool isSound = result.Finding is null && result.Branches > 0;
            Console.WriteLine($"{(isSound ? "ok  " : "FAIL")} {Line(row.Name, result)}");
            Count(isSound);
            if (result.Finding is { } finding)
            {
                Report(row.Name, finding, run, files);
            }
            else if (!isSound)
            {
                Console.WriteLine("     no branch was seen: the assemblies are not instrumented; run ./build.sh fuzz");
            }
        }

        Console.WriteLine($"{passed} passed, {failed} failed, 0 skipped");
        return failed == 0 ? 0 : 1;

        void Count(bool isSound)
        {
            passed += isSound ? 1 : 0;
            failed += isSound ? 0 : 1;
        }
    }

    private static CurrentInput Current(string name, InputFiles files) => new(
        files.CurrentOf(name),
        MostBytes,
        input =>
        {
            Console.WriteLine($"{name}: FOUND an input that takes for ever: {files.WriteCrash(name, input)}");
            Environment.Exit(1);
        });

    private static void ReportLeftover(string name, InputFiles files)
    {
        if (CurrentInput.TakeLeftover(files.CurrentOf(name)) is { } input)
        {
            Console.WriteLine($"{name}: an earlier run ended in the middle of an input: {files.WriteCrash(name, input)}");
        }
    }

    private static void Report(string name, Finding finding, FuzzRun run, InputFiles files)
    {
        // First as it is: what is tried to make it smaller may take the process with it.
        Console.WriteLine($"{name}: FOUND {finding.Cause}");
        string path = files.WriteCrash(name, finding.Input);
        Console.WriteLine($"  as found: {path}");
        path = files.WriteCrash(name, Minimizer.Shrink(run, finding));
        Console.WriteLine(
            $"""
              again:    ./build.sh fuzz replay {path}
              then:     mend it, and move the input to tests/XcsSharp.Fuzz/Regressions/{name} under a name that says what it was
            """);
    }

    /// <summary>On a terminal each second, in a file each minute.</summary>
    private static void Tell(string name, RunResult result)
    {
        if (!Console.IsOutputRedirected)
        {
            Console.Write("\r" + Line(name, result));
        }
        else if ((int)result.Time.TotalSeconds % 60 == 0)
        {
            Console.WriteLine(Line(name, result));
        }
    }

    private static string Line(string name, RunResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-14} {result.Executions,12:N0} executions {result.Time.TotalSeconds,7:0.0} s {result.Executions / result.Time.TotalSeconds,9:N0}/s {result.Branches,6} branches {result.Inputs,5} inputs");
}
