namespace XcsSharp.Handlers;

/// <summary>How the daemon knows of a handler; its setting and its words on the console socket follow from it.</summary>
/// <param name="Name">Of the setting that turns it on, behind <see cref="Section"/>.</param>
/// <param name="Meaning">The setting's line in <c>xcsd --help</c>.</param>
/// <param name="Words">The requests that it answers on the console socket, with what follows the word. May be none.</param>
/// <param name="Make">Called once, and only when it is on.</param>
public sealed record HandlerRegistration(
    string Name,
    string Meaning,
    (string Word, string Arguments)[] Words,
    Func<HandlerContext, GuestHandler> Make)
{
    /// <summary>Of the settings' names.</summary>
    public const string Section = "Handlers:";

    public string Setting => Section + Name;
}
