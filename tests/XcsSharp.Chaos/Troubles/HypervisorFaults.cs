namespace XcsSharp.Chaos.Troubles;

/// <summary>Xen and xenstore refuse what the daemon asks about hostile domains, lose them from the list, or signal without end.</summary>
internal sealed class HypervisorFaults(Bed bed, Random random) : Trouble(bed, random)
{
    public override string Name => "hypervisor-faults";

    protected override int PauseMilliseconds => 80;

    protected override async Task ActAsync(CancellationToken cancel)
    {
        if (Random.Next(10) == 0)
        {
            _ = await Bed.CommandAsync(cancel, "fault", "clear", "all");
            Note("all cleared");
            return;
        }

        if (Bed.AnyHostile(Random) is not { } domid)
        {
            return;
        }

        string who = $"{domid}";
        string kind = OneOf("map", "grant", "bind", "info", "store", "storm");
        string error = OneOf("ENOMEM", "EIO", "EAGAIN", "EINTR", "ENOSPC", "EPERM", "EINVAL", "EMFILE");
        string count = $"{Random.Next(1, 20)}";
        string[] fault = kind switch
        {
            "info" => ["fault", "info", who, "--count", count],
            "store" => ["fault", "store", $"/local/domain/{who}{OneOf("", "/data", "/console", "/name", "/device")}", error, "--count", count],
            "storm" => ["fault", "storm", $"{OneOf(1, 2, 3)}", "--domid", who, "--rate", $"{OneOf(10, 1000, 100_000)}", "--count", $"{Random.Next(1, 100_000)}"],
            _ => ["fault", kind, OneOf(who, who, "all"), error, "--count", count],
        };
        _ = await Bed.CommandAsync(cancel, fault);
        Note(kind);
    }

    protected override async Task EndAsync() => _ = await Bed.CommandAsync(CancellationToken.None, "fault", "clear", "all");
}
