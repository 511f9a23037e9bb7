namespace XcsSharp.TestKit;

/// <summary>The folder that the running tests were built in.</summary>
public static class Repository
{
    private static readonly Lazy<string> s_root = new(Find);

    /// <exception cref="DirectoryNotFoundException">The tests run outside it.</exception>
    public static string Root => s_root.Value;

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "XcsSharp.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("no XcsSharp.sln above the tests");
    }
}
