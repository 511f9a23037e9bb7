using XcsSharp.Interop;

namespace XcsSharp.Chaos;

/// <summary>One way in which things go wrong. Each has a thread of its own to act from, and a row of choices of its own.</summary>
/// <param name="bed">Whose daemon it troubles.</param>
/// <param name="random">Its choices.</param>
internal abstract class Trouble(Bed bed, Random random)
{
    /// <summary>A fault strikes twenty times at most; who is struck more often than several of them is out, and nobody is troubled any more.</summary>
    private const int MostStrikesInARow = 200;

    public abstract string Name { get; }

    /// <summary>The longest pause between two acts.</summary>
    protected virtual int PauseMilliseconds => 20;

    protected Bed Bed { get; } = bed;

    protected Random Random { get; } = random;

    /// <summary>Acts again and again until it is told to end, and takes all of it back then.</summary>
    /// <param name="end">Cancelled at the end.</param>
    public async Task RunAsync(CancellationToken end)
    {
        int struckInARow = 0;
        try
        {
            while (!end.IsCancellationRequested)
            {
                try
                {
                    await ActAsync(end);
                    struckInARow = 0;
                }
                catch (Exception struck) when (struck is ErrnoException or EndOfStreamException)
                {
                    // One of the hypervisor's faults has struck the troublemaker itself, or a zombie has the number that a new life was to have.
                    Note("struck itself", struck.Message);
                    if (++struckInARow == MostStrikesInARow)
                    {
                        throw new InvalidOperationException($"{Name} could not act any more: {struck.Message}", struck);
                    }
                }

                await Task.Delay(Random.Next(PauseMilliseconds), end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The end.
        }
        finally
        {
            await EndAsync();
        }
    }

    /// <summary>One act, for a trouble that is made of others.</summary>
    internal Task ActOnceAsync(CancellationToken cancel) => ActAsync(cancel);

    /// <summary>The end of such a one.</summary>
    internal Task TakeBackAsync() => EndAsync();

    protected abstract Task ActAsync(CancellationToken cancel);

    protected virtual Task EndAsync() => Task.CompletedTask;

    protected void Note(string what, string detail = "") => Bed.Note($"{Name}: {what}", detail);

    protected byte[] Bytes(int most)
    {
        byte[] bytes = new byte[Random.Next(1, most + 1)];
        Random.NextBytes(bytes);
        return bytes;
    }

    protected T OneOf<T>(params ReadOnlySpan<T> choices) => choices[Random.Next(choices.Length)];
}
