namespace XcsSharp.Consoles;

/// <summary>
/// Consoles that are gone and whose readers have not taken everything yet. A guest whose driver comes and goes has one after the other for each console
/// that was added to it, with a terminal and a place in the spool: of these the last few stay.
/// </summary>
internal sealed class EndingConsoles
{
    /// <summary>Of one console of one domain's life.</summary>
    internal const int MostOfOne = 4;

    private readonly Dictionary<ConsoleId, List<GuestConsole>> _consoles = [];

    internal int Count { get; private set; }

    internal IEnumerable<GuestConsole> All => _consoles.Values.SelectMany(static lives => lives);

    internal void Add(GuestConsole console)
    {
        if (!_consoles.TryGetValue(console.Id, out List<GuestConsole>? lives))
        {
            _consoles.Add(console.Id, lives = new List<GuestConsole>(1));
        }

        lives.Add(console);
        Count++;
        if (lives.Count > MostOfOne)
        {
            // It takes itself out.
            lives[0].Drop();
        }
    }

    /// <summary>Without effect for one that is not there.</summary>
    internal void Remove(GuestConsole console)
    {
        if (_consoles.TryGetValue(console.Id, out List<GuestConsole>? lives) && lives.Remove(console))
        {
            Count--;
            if (lives.Count == 0)
            {
                _ = _consoles.Remove(console.Id);
            }
        }
    }
}
