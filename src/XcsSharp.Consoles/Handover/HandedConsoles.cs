using System.Globalization;

namespace XcsSharp.Consoles;

/// <summary>The consoles of the daemon before, until each is asked for by its domain.</summary>
public sealed class HandedConsoles
{
    /// <summary>With it begins the name of each viewer's connection.</summary>
    public const string ViewerPrefix = "~viewer.";

    private readonly Dictionary<(uint Domid, int Number), ConsoleState> _consoles;

    /// <param name="state">Checked.</param>
    /// <param name="source">What goes with it.</param>
    public HandedConsoles(ConsolesState state, IHandoverSource source)
    {
        Source = source;
        LastViewerId = state.LastViewerId;
        _consoles = state.Consoles.ToDictionary(static console => (console.Domid, console.Number));
    }

    internal IHandoverSource Source { get; }

    internal ulong LastViewerId { get; }

    internal static string NameOf(ulong viewer) => string.Create(CultureInfo.InvariantCulture, $"{ViewerPrefix}{viewer}");

    /// <summary>Whether there is one of this life of a domain.</summary>
    internal bool Has(ConsoleId id) => Find(id) is not null;

    /// <summary>Gives it out, once.</summary>
    internal ConsoleState? Take(ConsoleId id)
    {
        ConsoleState? found = Find(id);
        if (found is not null)
        {
            _ = _consoles.Remove((id.Domain.Domid, id.Number));
        }

        return found;
    }

    private ConsoleState? Find(ConsoleId id)
        => _consoles.GetValueOrDefault((id.Domain.Domid, id.Number)) is { } found && found.Uuid == id.Domain.Uuid ? found : null;
}
