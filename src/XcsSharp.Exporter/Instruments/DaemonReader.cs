using Microsoft.Extensions.Logging;

using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Exporter.Instruments;

/// <summary>Asks the daemon, and takes it that the daemon is away: one that restarts is found again with the next question.</summary>
/// <param name="options">Where it is.</param>
/// <param name="figures">Go with each answer.</param>
/// <param name="log">That it is away, or back, once.</param>
internal sealed class DaemonReader(ExporterOptions options, ExporterFigures figures, ILogger<DaemonReader> log)
{
    /// <summary>One that hangs is as good as away; Prometheus itself waits for 10 s.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private int _state = -1;

    /// <summary>All instruments of now; without the daemon's while it is away.</summary>
    public async Task<Reading> ReadAsync(CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(s_patience);
        try
        {
            InstrumentList list = await ConsoleConnection.InstrumentsAsync(options.Socket, late.Token);
            Note(isUp: true, "");
            return new Reading(true, [.. figures.AsInstruments(isUp: true), .. list.Instruments]);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Note(isUp: false, $"no answer in {s_patience.TotalSeconds:0} s");
        }
        catch (OperatorRefusedException refused) when (refused.Code == OperatorError.UnknownRequest)
        {
            Note(isUp: false, "it is an older version, which has no metrics");
        }
        catch (XcsException failure)
        {
            Note(isUp: false, failure.Message);
        }

        return new Reading(false, [.. figures.AsInstruments(isUp: false)]);
    }

    private void Note(bool isUp, string problem)
    {
        int state = isUp ? 1 : 0;
        if (Interlocked.Exchange(ref _state, state) != state)
        {
            if (isUp)
            {
                log.DaemonAnswers(options.Socket);
            }
            else
            {
                log.DaemonAway(options.Socket, problem);
            }
        }
    }
}

/// <summary>One look at the daemon.</summary>
/// <param name="IsUp">Whether it answered.</param>
/// <param name="Instruments">The exporter's own, and the daemon's.</param>
internal sealed record Reading(bool IsUp, IReadOnlyList<InstrumentEntry> Instruments);
