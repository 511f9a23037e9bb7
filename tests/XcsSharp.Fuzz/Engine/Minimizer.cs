namespace XcsSharp.Fuzz.Engine;

/// <summary>Chooses few and small inputs that cover as much as they can.</summary>
internal static class Minimizer
{
    public static List<byte[]> Choose(FuzzRun run, Coverage coverage, IEnumerable<byte[]> inputs, int files, int bytes)
    {
        coverage.Clear();
        List<(byte[] Input, HashSet<int> Covers)> candidates = [];
        foreach (byte[] input in inputs.OrderBy(static input => input.Length))
        {
            // Twice: what the first execution of all does once is nobody's.
            _ = run.TryExecute(input);
            _ = coverage.TakeAll();
            if (run.TryExecute(input) is null)
            {
                candidates.Add((input, coverage.TakeAll()));
            }
        }

        List<byte[]> chosen = [];
        HashSet<int> covered = [];
        while (chosen.Count < files)
        {
            (byte[] Input, HashSet<int> Covers) best = candidates
                .Where(candidate => candidate.Input.Length <= bytes)
                .MaxBy(candidate => candidate.Covers.Count(branch => !covered.Contains(branch)) * 1000 / (candidate.Input.Length + 50));
            if (best.Input is null || !best.Covers.Any(branch => !covered.Contains(branch)))
            {
                break;
            }

            covered.UnionWith(best.Covers);
            bytes -= best.Input.Length;
            chosen.Add(best.Input);
            candidates.Remove(best);
        }

        return chosen;
    }

    /// <summary>Makes a finding smaller, as long as it breaks the same.</summary>
    public static byte[] Shrink(FuzzRun run, Finding finding)
    {
        byte[] best = finding.Input;
        for (int size = best.Length / 2; size > 0; size /= 2)
        {
            for (int at = 0; at + size <= best.Length;)
            {
                byte[] shorter = [.. best[..at], .. best[(at + size)..]];
                if (run.TryExecute(shorter) is { } cause && cause.GetType() == finding.Cause.GetType())
                {
                    best = shorter;
                }
                else
                {
                    at += size;
                }
            }
        }

        return best;
    }
}
