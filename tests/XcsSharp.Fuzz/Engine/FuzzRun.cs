using System.Diagnostics;

namespace XcsSharp.Fuzz.Engine;

/// <summary>How long a run is.</summary>
/// <param name="Executions">After so many; the same number and seed make the same run.</param>
/// <param name="Time">Or when this is over, whatever comes first.</param>
/// <param name="Least">But not before so many.</param>
internal readonly record struct RunLimit(long Executions, TimeSpan Time, long Least = 0);

/// <summary>What a run came to.</summary>
internal readonly record struct RunResult(long Executions, TimeSpan Time, int Branches, int Inputs, Finding? Finding);

/// <summary>An input that broke something.</summary>
internal sealed record Finding(byte[] Input, Exception Cause);

/// <summary>
/// Fuzzes one target, in this process and on this thread: an input that covers something new is kept, and what comes next is made of
/// those that are.
/// </summary>
/// <param name="make">A new target: one that an input broke is not used again.</param>
/// <param name="coverage">Of this process.</param>
/// <param name="current">Of this target.</param>
internal sealed class FuzzRun(Func<IFuzzTarget> make, Coverage coverage, CurrentInput current) : IDisposable
{
    private readonly List<byte[]> _corpus = [];
    private IFuzzTarget? _target;

    /// <summary>All inputs that covered something new.</summary>
    public IReadOnlyList<byte[]> Corpus => _corpus;

    /// <summary>Called about once a second.</summary>
    public Action<RunResult>? Progress { get; init; }

    public RunResult Run(IEnumerable<byte[]> inputs, ulong seed, RunLimit limit)
    {
        IFuzzTarget target = _target ??= make();
        coverage.Clear();
        Stopwatch clock = Stopwatch.StartNew();
        long executions = 0;
        foreach (byte[] input in inputs.Concat(target.Seeds).Append([]))
        {
            executions++;
            if (TryExecute(input) is { } cause)
            {
                return Result(executions, clock, new Finding(input, cause));
            }

            if (coverage.TakeNews() || _corpus.Count == 0)
            {
                _corpus.Add(input);
            }
        }

        FuzzRandom random = new(seed);
        Mutator mutator = new(random, target.MaxLength, target.Words);
        TimeSpan told = TimeSpan.Zero;
        while (executions < limit.Executions)
        {
            ReadOnlySpan<byte> input = mutator.Make(_corpus, Choose(random));
            executions++;
            if (TryExecute(input) is { } cause)
            {
                return Result(executions, clock, new Finding(input.ToArray(), cause));
            }

            if (coverage.TakeNews())
            {
                _corpus.Add(input.ToArray());
            }

            // The clock is looked at seldom, and never decides what comes next.
            if (executions % 256 == 0 && clock.Elapsed is var elapsed && elapsed - told >= TimeSpan.FromSeconds(1))
            {
                told = elapsed;
                if (elapsed >= limit.Time && executions >= limit.Least)
                {
                    break;
                }

                Progress?.Invoke(Result(executions, clock, null));
            }
        }

        return Result(executions, clock, null);
    }

    /// <summary>Executes one input.</summary>
    /// <returns>What it broke, or null.</returns>
    public Exception? TryExecute(ReadOnlySpan<byte> input)
    {
        _target ??= make();
        current.Begin(input);
        Coverage.Begin();
        try
        {
            _target.Run(input);
            return null;
        }
        catch (Exception e)
        {
            _target = null;
            return e;
        }
        finally
        {
            current.End();
        }
    }

    public void Dispose() => _target?.Dispose();

    /// <summary>What was found last has hardly been tried yet.</summary>
    private byte[] Choose(FuzzRandom random)
    {
        int newest = Math.Max(0, _corpus.Count - 32);
        return _corpus[random.Below(4) == 0 ? newest + random.Below(_corpus.Count - newest) : random.Below(_corpus.Count)];
    }

    private RunResult Result(long executions, Stopwatch clock, Finding? finding)
        => new(executions, clock.Elapsed, coverage.Branches, _corpus.Count, finding);
}
