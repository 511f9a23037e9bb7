using XcsSharp.Reactor;

namespace XcsSharp.GuestAgent;

/// <summary>
/// Standard input for a loop. It may be a file, a pipe or a terminal, of which epoll takes only some, and making a shared
/// descriptor non-blocking would change it for others: so a thread reads, one piece at a time.
/// </summary>
internal sealed class BackgroundReader
{
    private readonly EventLoop _loop;
    private readonly Stream _from;
    private readonly Action _read;
    private readonly Action _deliver;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly SemaphoreSlim _wanted = new(0, 1);
    private int _start;
    private int _end;
    private int _received;

    /// <param name="loop">Whose thread everything public belongs to.</param>
    /// <param name="from">The input.</param>
    /// <param name="read">Called on the loop when there is something in <see cref="Waiting"/>, or the input has ended.</param>
    public BackgroundReader(EventLoop loop, Stream from, Action read)
    {
        _loop = loop;
        _from = from;
        _read = read;
        _deliver = Deliver;
    }

    /// <summary>True when the input has ended; what it gave before has then been taken.</summary>
    public bool Ended { get; private set; }

    /// <summary>What was read and not taken.</summary>
    public ReadOnlySpan<byte> Waiting => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Begins. The thread does not keep the process alive.</summary>
    public void Start() => new Thread(ReadAll) { IsBackground = true, Name = "reads standard input" }.Start();

    /// <summary>Takes bytes off the front of <see cref="Waiting"/>; after the last one more are read.</summary>
    public void Take(int count)
    {
        _start += count;
        if (_start == _end && !Ended)
        {
            _wanted.Release();
        }
    }

    private void ReadAll()
    {
        do
        {
            try
            {
                _received = _from.Read(_buffer);
            }
            catch (IOException)
            {
                // EIO: the terminal was hung up.
                _received = 0;
            }

            _loop.Post(_deliver);
            if (_received == 0)
            {
                return;
            }

            _wanted.Wait();
        }
        while (true);
    }

    private void Deliver()
    {
        _start = 0;
        _end = _received;
        Ended = _end == 0;
        _read();
    }
}
