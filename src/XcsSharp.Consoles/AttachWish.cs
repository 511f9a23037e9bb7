namespace XcsSharp.Consoles;

/// <summary>All that the words after a console's name ask for.</summary>
/// <param name="Output">Which output, and how.</param>
/// <param name="Viewer">What the viewer may do and wants to hear.</param>
public readonly record struct AttachWish(OutputWish Output, ViewerWish Viewer)
{
    /// <summary>What is wrong with the words, with the remedy; null: nothing.</summary>
    public string? Problem => Output.Problem ?? Viewer.Problem;

    /// <summary>
    /// Cuts the words off the end of what follows the verb. Names of domains may have spaces in them, so the first word from the end
    /// that is none of these, or the second of its kind, belongs to the name.
    /// </summary>
    public static AttachWish Cut(string text, out string name)
    {
        AttachWish wish = new(new OutputWish(), default);
        name = text;
        while (name.LastIndexOf(' ') is > 0 and int space && wish.With(name[(space + 1)..]) is { } more)
        {
            wish = more;
            name = name[..space].TrimEnd(' ');
        }

        return wish;
    }

    private AttachWish? With(string word)
        => Output.With(word) is { } output ? this with { Output = output }
            : Viewer.With(word) is { } viewer ? this with { Viewer = viewer }
            : null;
}
