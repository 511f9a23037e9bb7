using XcsSharp.Reactor;

namespace XcsSharp.GuestAgent;

/// <summary>
/// Standard output for a loop: a bounded buffer that a thread writes out, so that whoever does not read it stops only
/// what is printed and not the ring.
/// </summary>
internal sealed class BackgroundWriter
{
    private const int BufferSize = 64 * 1024;

    private readonly EventLoop _loop;
    private readonly Stream _to;
    private readonly Action _room;
    private readonly Action _written;
    private readonly SemaphoreSlim _work = new(0, 1);
    private byte[] _filling = new byte[BufferSize];
    private byte[] _writing = new byte[BufferSize];
    private int _filled;
    private int _toWrite;
    private bool _busy;
    private volatile bool _broken;

    /// <param name="loop">Whose thread everything public belongs to.</param>
    /// <param name="to">The output.</param>
    /// <param name="room">Called on the loop when a piece is written.</param>
    public BackgroundWriter(EventLoop loop, Stream to, Action room)
    {
        _loop = loop;
        _to = to;
        _room = room;
        _written = Written;
        new Thread(WriteAll) { IsBackground = true, Name = "writes standard output" }.Start();
    }

    /// <summary>Bytes that can be appended.</summary>
    public int Room => BufferSize - _filled;

    /// <summary>True when everything appended is written, or nobody reads it any more.</summary>
    public bool IsIdle => !_busy;

    /// <param name="bytes">No more than <see cref="Room"/>.</param>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_broken)
        {
            // As a console without a terminal: its input is dropped.
            return;
        }

        bytes.CopyTo(_filling.AsSpan(_filled));
        _filled += bytes.Length;
        WriteOn();
    }

    private void WriteOn()
    {
        if (_busy || _filled == 0)
        {
            return;
        }

        (_filling, _writing) = (_writing, _filling);
        _toWrite = _filled;
        _filled = 0;
        _busy = true;
        _work.Release();
    }

    private void WriteAll()
    {
        while (true)
        {
            _work.Wait();
            try
            {
                if (!_broken)
                {
                    _to.Write(_writing.AsSpan(0, _toWrite));
                }
            }
            catch (IOException)
            {
                _broken = true;
            }

            _loop.Post(_written);
        }
    }

    private void Written()
    {
        _busy = false;
        WriteOn();
        _room();
    }
}
