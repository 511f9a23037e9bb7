namespace XcsSharp.Chaos.Troubles;

/// <summary>Very many guests that lie at once: what each of them may take of the daemon's memory is little, and so must be what all of them may.</summary>
internal sealed class HostileCrowd : Trouble
{
    private readonly LyingConsoles[] _guests;
    private int _begun;

    /// <param name="bed">Whose daemon it troubles.</param>
    /// <param name="random">Its choices.</param>
    /// <param name="count">How many.</param>
    public HostileCrowd(Bed bed, Random random, int count)
        : base(bed, random)
    {
        _guests = [.. Enumerable.Range(0, count).Select(number => new LyingConsoles(bed, random, $"crowd{number}"))];
    }

    public override string Name => "hostile-crowd";

    protected override int PauseMilliseconds => 1;

    protected override async Task ActAsync(CancellationToken cancel)
    {
        // All of them are there before the first acts again.
        int which = _begun < _guests.Length ? _begun : Random.Next(_guests.Length);
        await _guests[which].ActOnceAsync(cancel);
        if (_begun < _guests.Length && ++_begun == _guests.Length)
        {
            Note("all there");
        }
    }

    protected override async Task EndAsync()
    {
        foreach (LyingConsoles guest in _guests)
        {
            await guest.TakeBackAsync();
        }
    }
}
