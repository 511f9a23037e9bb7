using XcsSharp.Reactor;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Load;

/// <summary>Many viewers on one thread.</summary>
internal sealed class ViewerCrowd : IDisposable
{
    private readonly EventLoop _loop = new();
    private readonly Thread _thread;
    private readonly List<CrowdViewer> _viewers = [];
    private readonly byte[] _buffer = new byte[64 * 1024];

    public ViewerCrowd()
    {
        _thread = new Thread(_loop.Run) { IsBackground = true, Name = "viewers" };
        _thread.Start();
    }

    public IReadOnlyList<CrowdViewer> Viewers => _viewers;

    /// <summary>Attaches one for each account, and waits until the daemon has answered all of them.</summary>
    public async Task AttachAsync(string path, IEnumerable<(string Line, ReaderAccount Account)> wanted)
    {
        int before = _viewers.Count;
        await OnLoopAsync(() =>
        {
            foreach ((string line, ReaderAccount account) in wanted)
            {
                CrowdViewer viewer = new(path, line, account, _buffer);
                _viewers.Add(viewer);
                viewer.Begin(_loop);
            }

            return true;
        });
        foreach (CrowdViewer viewer in _viewers[before..])
        {
            string reply = await viewer.Replied.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
            Assert.StartsWith("OK", reply, StringComparison.Ordinal);
        }
    }

    /// <summary>Watches all of them.</summary>
    /// <returns>The time stamps at which each had all before its position: a task that was begun.</returns>
    public async Task<Task<long[]>> WhenAtAsync(Func<int, long> position)
    {
        Task<long>[] arrivals = await OnLoopAsync(() => _viewers.Select((viewer, index) => viewer.WhenAt(position(index))).ToArray());
        return Task.WhenAll(arrivals).WaitAsync(TimeSpan.FromSeconds(60), Lab.Cancel);
    }

    public void Dispose()
    {
        _loop.Stop();
        _thread.Join();
        foreach (CrowdViewer viewer in _viewers)
        {
            viewer.Dispose();
        }

        _loop.Dispose();
    }

    private Task<T> OnLoopAsync<T>(Func<T> work)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        return done.Task;
    }
}
