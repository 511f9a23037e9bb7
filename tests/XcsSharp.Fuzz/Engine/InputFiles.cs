using System.Globalization;

namespace XcsSharp.Fuzz.Engine;

/// <summary>Where inputs lie: those in the repository, and what a run finds.</summary>
/// <param name="inputs">The folder of <c>Corpus</c> and <c>Regressions</c>.</param>
/// <param name="findings">The folder of <c>crashes</c> and <c>current</c>.</param>
internal sealed class InputFiles(string inputs, string findings)
{
    /// <summary>Small inputs that cover much: where a run begins.</summary>
    public byte[][] Corpus(string target) => Read(Path.Combine(inputs, "Corpus", target)).Select(static file => file.Bytes).ToArray();

    /// <summary>Inputs that have once been findings.</summary>
    public IEnumerable<(string Name, byte[] Bytes)> Regressions(string target) => Read(Path.Combine(inputs, "Regressions", target));

    /// <summary>Replaces a target's corpus.</summary>
    public void WriteCorpus(string target, IEnumerable<byte[]> corpus)
    {
        string folder = Path.Combine(inputs, "Corpus", target);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        foreach (byte[] input in corpus)
        {
            File.WriteAllBytes(Path.Combine(folder, NameOf(input)), input);
        }
    }

    /// <returns>The file.</returns>
    public string WriteCrash(string target, ReadOnlySpan<byte> input)
    {
        string folder = Path.Combine(findings, "crashes", target);
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, NameOf(input));
        File.WriteAllBytes(path, input.ToArray());
        return path;
    }

    /// <summary>The input that runs now, for the case that it takes the process with it.</summary>
    public string CurrentOf(string target)
    {
        string folder = Path.Combine(findings, "current");
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, target);
    }

    /// <summary>FNV-1a: the same content has the same name.</summary>
    private static string NameOf(ReadOnlySpan<byte> input)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte value in input)
        {
            hash = (hash ^ value) * 0x100000001b3;
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Read(string folder)
        => Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).Select(static path => (Path.GetFileName(path), File.ReadAllBytes(path)))
            : [];
}
