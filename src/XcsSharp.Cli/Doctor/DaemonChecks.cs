using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli.Doctor;

/// <summary>The daemon as an operator reaches it, and what it says of its guests.</summary>
internal static class DaemonChecks
{
    private const string Check = "xcsd";

    /// <summary>How long the daemon may take for its answers: it takes milliseconds where nothing is wrong.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <param name="socket">Its console socket.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>The findings, and the daemon's own words where it answered.</returns>
    public static async Task<(IReadOnlyList<Finding> Findings, DaemonStatus? Status)> LookAsync(
        string socket, TimeSpan patience, CancellationToken cancel)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(patience);
        try
        {
            DaemonStatus status = await ConsoleConnection.StatusAsync(socket, late.Token);
            List<Finding> findings =
            [
                new Finding(
                    Check, Outcome.Ok,
                    $"{status.Version}, process {status.Pid}, serves {Reports.Counted(status.Domains, "domain")} of {status.Backend}, up {Reports.Duration(status.UptimeSeconds)}"),
            ];
            AddGuests(findings, await ConsoleConnection.ListAsync(socket, late.Token));
            return (findings, status);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (
                [
                    new Finding(
                        Check, Outcome.Problem, $"has taken the connection to {socket} and does not answer within {Reports.Duration(patience.TotalSeconds)}",
                        "journalctl -u xcsd; then systemctl restart xcsd, which keeps the terminals"),
                ],
                null);
        }
        catch (XcsUnavailableException failure)
        {
            string remedy = File.Exists(socket)
                ? $"as root, or as a member of the socket's group: ls -l {socket}; if it has ended: journalctl -u xcsd, then systemctl start xcsd"
                : "systemctl start xcsd; if it does not start, journalctl -u xcsd says why. Another place of the socket is given with --socket";
            return ([new Finding(Check, Outcome.Problem, failure.Message, remedy)], null);
        }
        catch (XcsException failure)
        {
            return (
                [new Finding(Check, Outcome.Problem, failure.Message, "what listens there is no xcsd of this version, or it does not let you: see journalctl -u xcsd")],
                null);
        }
    }

    private static void AddGuests(List<Finding> findings, DomainList list)
    {
        int before = findings.Count;
        foreach (DomainEntry domain in list.Domains)
        {
            IEnumerable<(string Name, string? Problem)> told = (domain.Consoles ?? [])
                .Select(static console => (console.Name, console.Problem))
                .Append((domain.Name, domain.Problem));
            foreach ((string name, string problem) in told.Where(static one => one.Problem is not null).Select(static one => (one.Name, one.Problem!)).DistinctBy(static one => one.Item2))
            {
                findings.Add(new Finding(
                    "guest", Outcome.Warning, $"{name} ({domain.Domid}): {problem}",
                    "its program or driver must publish the ring anew; what it did wrong is in journalctl -u xcsd"));
            }
        }

        if (findings.Count == before)
        {
            findings.Add(new Finding("guests", Outcome.Ok, "nothing is refused or put aside"));
        }
    }
}
