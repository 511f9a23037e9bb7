using System.Reflection;

using SharpFuzz;

namespace XcsSharp.Fuzz.Engine;

/// <summary>Rewrites our assemblies in a folder, so that they say which branches they take.</summary>
internal static class Instrumenter
{
    private const int Seed = 20261129;

    public static void Run(string folder)
    {
        SeedNumbers();
        string[] ours = [.. Directory.EnumerateFiles(folder, "XcsSharp.*.dll")
            .Concat(Directory.EnumerateFiles(folder, "xcsd.dll"))
            .Where(static path => Path.GetFileName(path) is not ("XcsSharp.Fuzz.dll" or "XcsSharp.TestKit.dll"))
            .Order(StringComparer.Ordinal)];
        if (ours.Length == 0)
        {
            throw new UsageException($"{folder} has no XcsSharp assembly: give a copy of the folder that this program was built into");
        }

        foreach (string path in ours)
        {
            int types = Fuzzer.Instrument(path, static _ => true, Options.Value).Count();
            Console.WriteLine($"{Path.GetFileName(path)}: {types} types");
        }
    }

    /// <summary>
    /// SharpFuzz draws the numbers of branches at random, anew each time. The same numbers make the same run of the same seed: two branches that
    /// share a number by chance do so everywhere.
    /// </summary>
    private static void SeedNumbers()
    {
        object? numbers = typeof(Fuzzer).Assembly.GetType("SharpFuzz.IdGenerator")
            ?.GetField("random", BindingFlags.Static | BindingFlags.NonPublic)?.GetValue(null);
        FieldInfo generator = typeof(Random).GetField("_impl", BindingFlags.Instance | BindingFlags.NonPublic)
            ?? throw new NotSupportedException("System.Random has no field _impl any more: find another way to seed SharpFuzz");
        generator.SetValue(
            numbers as Random ?? throw new NotSupportedException("this SharpFuzz draws its numbers otherwise: find another way to seed it"),
            generator.GetValue(new Random(Seed)));
    }
}

/// <summary>Wrong arguments, with the remedy.</summary>
internal sealed class UsageException(string message) : Exception(message);
