using System.Reflection;
using System.Runtime.Loader;

namespace XcsSharp.Mutation;

/// <summary>
/// Runs the same tests again and again in one process, whose code is compiled after the first time: a mutant costs milliseconds, and not a start.
/// For each line of input there is one run of xunit's own runner with these words, and one line of output.
/// </summary>
internal static class TestHost
{
    /// <summary>Begins a line of output: what the run exited with, and the first test that failed.</summary>
    public const string Mark = "= ";

    public static int Run(string tests)
    {
        AssemblyDependencyResolver dependencies = new(tests);
        AssemblyLoadContext.Default.Resolving += (context, name)
            => dependencies.ResolveAssemblyToPath(name) is { } path ? context.LoadFromAssemblyPath(path) : null;
        Assembly assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(tests);
        Assembly.SetEntryAssembly(assembly);

        using StreamWriter results = new(Console.OpenStandardOutput()) { AutoFlush = true };
        while (Console.In.ReadLine() is { } words)
        {
            using StringWriter output = new();
            Console.SetOut(output);
            Console.SetError(output);
            int exit = assembly.EntryPoint!.Invoke(null, [words.Split(' ')]) switch
            {
                Task<int> run => run.GetAwaiter().GetResult(),
                int code => code,
                _ => throw new InvalidOperationException($"{tests} has no runner."),
            };
            string? failed = output.ToString().Split('\n').FirstOrDefault(static line => line.Contains("[FAIL]", StringComparison.Ordinal));
            results.WriteLine($"{Mark}{exit} {failed?.Trim()}");
        }

        return 0;
    }
}
