using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop.Linux;

namespace XcsSharp.Interop;

/// <summary>
/// A descriptor of this process's surroundings (standard input, output, error) as a plain blocking stream: nothing
/// buffered, no terminal setting touched, no file position of our own. Closing it leaves the descriptor open.
/// </summary>
/// <remarks>
/// Not <see cref="Console"/>'s streams: they put a terminal into their own mode, and hide that the reader of a pipe is gone.
/// Not a <see cref="FileStream"/>: it writes redirected files at positions of its own.
/// </remarks>
public sealed unsafe class DescriptorStream : Stream
{
    private readonly SafeFileHandle _descriptor;
    private readonly int _number;

    /// <param name="descriptor">0, 1 or 2; not owned.</param>
    public DescriptorStream(int descriptor)
    {
        _number = descriptor;
        _descriptor = new SafeFileHandle(descriptor, ownsHandle: false);
    }

    /// <summary>Whether a person may be sitting at the other end.</summary>
    public bool IsTerminal => Terminals.TryGetSettings(_descriptor, out _);

    /// <summary>Letters on a line of the terminal as it is now; 0: it is none, or it does not say.</summary>
    public int Columns => Terminals.Size(_descriptor).Columns;

    /// <summary>Lines of the terminal as it is now; 0 as above.</summary>
    public int Rows => Terminals.Size(_descriptor).Rows;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Gives the numbers 0, 1 and 2 to /dev/null where the caller started us without them, so that no socket of ours
    /// gets one and is written to by mistake. Call first thing.
    /// </summary>
    public static void FillStandardNumbers()
    {
        while (true)
        {
            SafeFileHandle spare = Sys.Open("/dev/null", Libc.O_RDWR);
            if (spare.DangerousGetHandle() > 2)
            {
                spare.Dispose();
                return;
            }

            // Kept open for the life of the process.
            spare.SetHandleAsInvalid();
        }
    }

    /// <exception cref="ErrnoException">EIO: the terminal was hung up.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            SysResult read = Sys.Read(_descriptor, buffer);
            if (read.Error != Errno.EAGAIN)
            {
                return read.OrThrow("read", Subject);
            }

            // Whoever shares the descriptor with us has made it non-blocking.
            Await(Libc.POLLIN);
        }
    }

    /// <exception cref="ErrnoException">EPIPE: nobody reads any more.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            SysResult written = Sys.Write(_descriptor, buffer);
            if (written.Error == Errno.EAGAIN)
            {
                Await(Libc.POLLOUT);
            }
            else
            {
                buffer = buffer[written.OrThrow("write", Subject)..];
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private string Subject => _number switch
    {
        0 => "standard input",
        1 => "standard output",
        2 => "standard error",
        _ => $"descriptor {_number}",
    };

    private void Await(short events)
    {
        pollfd wanted = new() { fd = _number, events = events };

        // SAFETY: on the stack for the call. What it returns does not matter: the caller tries again.
        _ = Libc.poll(&wanted, 1, -1);
    }
}
