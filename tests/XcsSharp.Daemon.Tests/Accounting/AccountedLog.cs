using System.Globalization;

using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Accounting;

/// <summary>The log's files of one guest, read as far as they go, over rotations and restarts.</summary>
internal sealed class AccountedLog(string directory, string name, LetterText text)
{
    private long _read;

    /// <summary>One text from the first life on, because the file belongs to the name.</summary>
    public ReaderAccount Account { get; } = new($"log of {name}", text, start: 0);

    /// <summary>Reads what is new. Nobody renames meanwhile.</summary>
    public void Read()
    {
        string path = Path.Combine(directory, $"guest-{name}.log");
        long skip = _read;
        foreach (string file in Directory.Exists(directory) ? FilesOf(path) : [])
        {
            byte[] bytes = File.ReadAllBytes(file);
            int known = (int)Math.Min(skip, bytes.Length);
            skip -= known;
            _read += bytes.Length - known;
            Account.Accept(bytes.AsSpan(known));
        }

        Assert.True(Account.Problem is null, Account.Problem);
    }

    /// <summary>The oldest first: NAME.2, NAME.1, NAME.</summary>
    private static IEnumerable<string> FilesOf(string path)
    {
        int number = 0;
        while (File.Exists($"{path}.{(number + 1).ToString(CultureInfo.InvariantCulture)}"))
        {
            number++;
        }

        for (; number > 0; number--)
        {
            yield return $"{path}.{number.ToString(CultureInfo.InvariantCulture)}";
        }

        if (File.Exists(path))
        {
            yield return path;
        }
    }
}
