using System.Globalization;
using System.Runtime.InteropServices;

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

    /// <summary>The history of a console that the spool has, too; null when there is none that its log misses less of. It is given out later all the same.</summary>
    /// <param name="left">The console.</param>
    /// <param name="times">Is told when that output came; null: nobody asks.</param>
    internal Backlog? ReadLonger(SpooledConsole left, ArrivalTimes? times)
    {
        if (Find(left.Owner.Domid, left.Owner.Uuid, left.Owner.Console)?.History is not { } state || state.End != left.End)
        {
            return null;
        }

        Backlog history = Backlog.Restore(state, new HistoryBudget(long.MaxValue), Source.Read(state.Boot), Source.Read(state.Newest));
        if (history.MissingFrom(left.Record.LogPosition) >= left.Start - left.Record.LogPosition)
        {
            return null;
        }

        if (times is not null)
        {
            Tell(times, history, MemoryMarshal.Cast<byte, long>(Source.Read(state.Times)));
        }

        return history;
    }

    /// <param name="times">Is told.</param>
    /// <param name="history">Of which.</param>
    /// <param name="stretches">Position, first and last time of each, as <see cref="OutputTimes"/> describes them.</param>
    private static void Tell(ArrivalTimes times, Backlog history, ReadOnlySpan<long> stretches)
    {
        long at = 0;
        for (; stretches.Length >= 3; stretches = stretches[3..])
        {
            long end = stretches.Length > 3 ? Math.Min(stretches[3], history.End) : history.End;
            long ticks = Math.Clamp(stretches[1], DateTime.UnixEpoch.Ticks, DateTime.MaxValue.Ticks) - DateTime.UnixEpoch.Ticks;
            at = history.NextRetained(Math.Max(at, stretches[0]));
            while (at < end)
            {
                ReadOnlySpan<byte> piece = history.Read(at);
                piece = piece[..(int)Math.Min(piece.Length, end - at)];
                times.Add(at, piece, ticks / TimeSpan.TicksPerMillisecond);
                at = history.NextRetained(at + piece.Length);
            }
        }
    }

    private ConsoleState? Find(ConsoleId id) => Find(id.Domain.Domid, id.Domain.Uuid, id.Number);

    private ConsoleState? Find(uint domid, Guid uuid, int number)
        => _consoles.GetValueOrDefault((domid, number)) is { } found && found.Uuid == uuid ? found : null;
}
