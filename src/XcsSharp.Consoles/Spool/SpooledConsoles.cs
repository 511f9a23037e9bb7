namespace XcsSharp.Consoles;

/// <summary>The consoles that a daemon which was killed has left, until each is asked for by its domain, as <see cref="HandedConsoles"/> are of one that ended in order.</summary>
internal sealed class SpooledConsoles
{
    private readonly OutputSpool? _spool;
    private readonly Dictionary<(uint Domid, Guid Uuid, int Number), SpooledConsole> _consoles = [];

    /// <param name="spool">Where they are; null: there are none.</param>
    public SpooledConsoles(OutputSpool? spool)
    {
        _spool = spool;
        foreach (SpooledConsole left in spool?.Left.OrderBy(static left => left.Owner.Number) ?? Enumerable.Empty<SpooledConsole>())
        {
            // A console that was taken out of a living domain and came again may be there twice: the one of now goes on.
            (uint, Guid, int) id = (left.Owner.Domid, left.Owner.Uuid, left.Owner.Console);
            if (_consoles.Remove(id, out SpooledConsole? older))
            {
                spool!.Release(older.Slot);
            }

            _consoles.Add(id, left);
        }
    }

    /// <summary>Whether there is one of this life of a domain.</summary>
    public bool Has(ConsoleId id) => _consoles.ContainsKey(KeyOf(id));

    /// <summary>Gives it out, once.</summary>
    public SpooledConsole? Take(ConsoleId id) => _consoles.Remove(KeyOf(id), out SpooledConsole? left) ? left : null;

    /// <summary>All domains are known: what nobody has asked for is of none that lives, and its place is free.</summary>
    public void Forget()
    {
        foreach (SpooledConsole left in _consoles.Values)
        {
            _spool!.Release(left.Slot);
        }

        _consoles.Clear();
    }

    private static (uint Domid, Guid Uuid, int Number) KeyOf(ConsoleId id) => (id.Domain.Domid, id.Domain.Uuid, id.Number);
}
