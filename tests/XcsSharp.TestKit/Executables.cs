namespace XcsSharp.TestKit;

/// <summary>
/// The real executables, as <c>build.sh</c> makes them. Found in the folder that <c>XCS_BIN</c> names, or else in the
/// nearest <c>artifacts/bin</c> above the running assembly.
/// </summary>
public static class Executables
{
    private static readonly Lazy<string> s_directory = new(Find);

    /// <exception cref="FileNotFoundException">Nothing is built: the message names the remedy.</exception>
    public static string Directory => s_directory.Value;

    public static string Daemon => Path("xcsd");

    /// <summary>The daemon under its name of 2005.</summary>
    public static string Xcs => Path("xcs");

    public static string Cli => Path("xcsctl");

    public static string Guest => Path("xcs-guest");

    public static string Simxen => Path("simxen");

    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static string Path(string name)
    {
        string path = System.IO.Path.Combine(Directory, name);
        return File.Exists(path) ? path : throw Missing(path);
    }

    private static string Find()
    {
        string? wanted = Environment.GetEnvironmentVariable("XCS_BIN");
        if (!string.IsNullOrEmpty(wanted))
        {
            return System.IO.Path.GetFullPath(wanted);
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            foreach (string candidate in (string[])[folder.FullName, System.IO.Path.Combine(folder.FullName, "artifacts", "bin")])
            {
                if (File.Exists(System.IO.Path.Combine(candidate, "simxen")))
                {
                    return candidate;
                }
            }
        }

        throw Missing("artifacts/bin");
    }

    private static FileNotFoundException Missing(string what)
        => new($"{what} does not exist: run ./build.sh first (or name the folder of the executables in XCS_BIN).");
}
