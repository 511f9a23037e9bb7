using System.IO.Pipes;

using Microsoft.Win32.SafeHandles;

using Mono.Unix.Native;

namespace XcsSharp.TestKit;

/// <summary>
/// A program at the other end of a console's pty: opens it as <c>xl console</c> does, reads it in a thread of its own and
/// writes to it.
/// </summary>
public sealed class PtyTerminal : IDisposable
{
    private readonly SafeFileHandle _terminal;
    private readonly FileStream _stream;
    private readonly AnonymousPipeServerStream _wake = new(PipeDirection.Out);
    private readonly Thread? _reader;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PtyTerminal(SafeFileHandle terminal, BytesReceived? output)
    {
        _terminal = terminal;
        _stream = new FileStream(terminal, FileAccess.ReadWrite, bufferSize: 0);
        if (output is not null)
        {
            _reader = new Thread(() => Read(output)) { IsBackground = true, Name = "reads a pty" };
            _reader.Start();
        }
    }

    /// <summary>Completes when the terminal was hung up, or is disposed.</summary>
    public Task Ended => _ended.Task;

    /// <param name="path">The link in the daemon's pty directory, or the device.</param>
    /// <param name="output">Gets what comes, on the reading thread; null for a terminal that never reads.</param>
    public static PtyTerminal Open(string path, BytesReceived? output)
    {
        // Without O_NOCTTY a session leader that has no terminal would get this one, and its SIGHUP.
        int fd = Syscall.open(path, OpenFlags.O_RDWR | OpenFlags.O_NOCTTY | OpenFlags.O_CLOEXEC);
        return fd < 0
            ? throw new IOException($"open {path}: {Stdlib.GetLastError()}")
            : new PtyTerminal(new SafeFileHandle(fd, ownsHandle: true), output);
    }

    /// <summary>Writes all of it; waits while the terminal's queue is full. Safe beside the reader.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
        => Task.Factory
            .StartNew(() => _stream.Write(bytes.Span), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(Transcript.DefaultDeadline, cancel);

    public void Dispose()
    {
        _wake.WriteByte(0);
        _reader?.Join();
        _wake.Dispose();
        _stream.Dispose();
        _terminal.Dispose();
        _ended.TrySetResult();
    }

    private void Read(BytesReceived output)
    {
        byte[] buffer = new byte[64 * 1024];
        Pollfd[] wanted =
        [
            new() { fd = _terminal.DangerousGetHandle().ToInt32(), events = PollEvents.POLLIN },
            new() { fd = _wake.ClientSafePipeHandle.DangerousGetHandle().ToInt32(), events = PollEvents.POLLIN },
        ];
        try
        {
            while (true)
            {
                // Not a read that blocks: closing a descriptor does not end a read on it.
                int ready = Syscall.poll(wanted, -1);
                if (wanted[1].revents != 0 || (ready < 0 && Stdlib.GetLastError() != Errno.EINTR))
                {
                    return;
                }

                if (wanted[0].revents != 0)
                {
                    int count = _stream.Read(buffer);
                    if (count == 0)
                    {
                        return;
                    }

                    output(buffer.AsSpan(0, count));
                }
            }
        }
        catch (IOException)
        {
            // EIO: hung up.
        }
        finally
        {
            _ended.TrySetResult();
        }
    }
}
