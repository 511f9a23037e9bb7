using XcsSharp.Interop;
using XcsSharp.Interop.Xen;

namespace XcsSharp.Cli.Doctor;

/// <summary>xenstore: whether it answers, and what a console daemon that ended has left in it.</summary>
internal static class StoreChecks
{
    private const string Check = "xenstore";
    private const string Domains = "/local/domain";
    private const string BackEnds = "/local/domain/0/backend/console";

    /// <param name="machine">The directory of a simulated machine, or null for Xen.</param>
    public static IReadOnlyList<Finding> Look(string? machine)
    {
        try
        {
            HypervisorLibraries.Use(machine is null ? HypervisorBackend.Xen : HypervisorBackend.Sim);
            if (machine is not null)
            {
                HypervisorLibraries.SelectSimulatedMachine(machine, 0);
            }

            using XenStoreConnection store = XenStoreConnection.Open();
            return Look(store);
        }
        catch (DllNotFoundException)
        {
            return [new Finding(Check, Outcome.Skipped, "its library is not here")];
        }
        catch (ErrnoException failure) when (failure.Errno is Errno.EACCES or Errno.EPERM)
        {
            return [new Finding(Check, Outcome.Skipped, "only root may ask it", "run xcsctl doctor as root to look at it")];
        }
        catch (ErrnoException failure)
        {
            return [new Finding(Check, Outcome.Problem, $"does not answer: {failure.Message}", "systemctl start xen (or xenstored), and see its log")];
        }
    }

    private static IReadOnlyList<Finding> Look(XenStoreConnection store)
    {
        Errno error = store.List(Domains, out string[] domids);
        if (error != Errno.OK)
        {
            return [new Finding(Check, Outcome.Problem, $"{Domains} can not be read ({error})", "dom0's own keys are missing: see journalctl -u xen")];
        }

        List<Finding> findings = [new Finding(Check, Outcome.Ok, $"answers, with keys of {Reports.Counted(domids.Length, "domain")}")];
        foreach (string domid in domids)
        {
            AddTerminal(findings, store, domid);
        }

        AddBackEnds(findings, store, domids);
        return findings;
    }

    /// <summary>A terminal that is named and does not exist: <c>xl console</c> would open another's, or nothing.</summary>
    private static void AddTerminal(List<Finding> findings, XenStoreConnection store, string domid)
    {
        string key = $"{Domains}/{domid}/console/tty";
        if (store.Read(key, out string? terminal) == Errno.OK && terminal is { Length: > 0 } && !File.Exists(terminal))
        {
            findings.Add(new Finding(
                "stale key", Outcome.Warning, $"{key} is {terminal}, which does not exist",
                "systemctl restart xcsd writes the terminals of living guests anew"));
        }
    }

    private static void AddBackEnds(List<Finding> findings, XenStoreConnection store, string[] domids)
    {
        if (store.List(BackEnds, out string[] served) != Errno.OK)
        {
            return;
        }

        foreach (string domid in served.Except(domids))
        {
            findings.Add(new Finding(
                "stale key", Outcome.Warning, $"{BackEnds}/{domid} is the back end of a domain that is gone",
                $"systemctl restart xcsd removes its own; otherwise xenstore-rm {BackEnds}/{domid}"));
        }
    }
}
