namespace XcsSharp.Daemon;

/// <summary>
/// Does something that may take its time on a thread of the pool, whenever it is asked to, and one at a time: what the last of several
/// found is what counts in the end. Any thread may ask.
/// </summary>
/// <remarks>Those who ask while one is under way get one more behind it, however many they are: so a hang costs one thread.</remarks>
/// <param name="reload">What is done. Begins after it was asked for.</param>
internal sealed class BackgroundReload(Action reload)
{
    private int _asked;

    public void Ask()
    {
        if (Interlocked.Increment(ref _asked) == 1)
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(static self => self.Reload(), this, preferLocal: false);
        }
    }

    private void Reload()
    {
        int asked;
        do
        {
            asked = Volatile.Read(ref _asked);
            reload();
        }
        while (Interlocked.CompareExchange(ref _asked, 0, asked) != asked);
    }
}
