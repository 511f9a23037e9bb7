using XcsSharp.TestKit;

namespace XcsSharp.Chaos.Troubles;

/// <summary>Domains that come and go by the dozen, under numbers that were just used, some of them as zombies.</summary>
internal sealed class Lives(Bed bed, Random random) : Trouble(bed, random)
{
    private const uint OneNumber = 30_000;

    private readonly List<HostileDomain> _domains = [];
    private ChildProcess? _crowd;

    public override string Name => "lives";

    protected override int PauseMilliseconds => 60;

    protected override async Task ActAsync(CancellationToken cancel)
    {
        switch (Random.Next(5))
        {
            case 0 when _crowd is null:
                (_crowd, _) = await Bed.Machine.CreateManyAsync($"crowd{Random.Next(3)}-", Random.Next(1, 40), cancel);
                Note("a crowd");
                break;
            case 0:
                await _crowd.DisposeAsync();
                _crowd = null;
                Note("a crowd's end");
                break;
            case 1:
                await using (await HostileDomain.CreateAsync(Bed, new GuestOptions("short", OneNumber, Classic: Random.Next(2) == 0), console: true, cancel))
                {
                    Note("one number again");
                }

                break;
            case 2 when _domains.Count < 20:
                _domains.Add(await HostileDomain.CreateAsync(
                    Bed, new GuestOptions($"life{Random.Next(5)}", Classic: Random.Next(2) == 0), console: Random.Next(2) == 0, cancel));
                Note("a life");
                break;
            case 3 when _domains.Count > 0:
                HostileDomain ending = _domains[Random.Next(_domains.Count)];
                if (Random.Next(3) == 0)
                {
                    _ = await Bed.CommandAsync(cancel, "fault", "zombie", $"{ending.Domid}");
                    Note("a zombie");
                }

                _domains.Remove(ending);
                await ending.DisposeAsync();
                Note("an end");
                break;
        }
    }

    protected override async Task EndAsync()
    {
        foreach (HostileDomain domain in _domains)
        {
            await domain.DisposeAsync();
        }

        if (_crowd is not null)
        {
            await _crowd.DisposeAsync();
        }
    }
}
