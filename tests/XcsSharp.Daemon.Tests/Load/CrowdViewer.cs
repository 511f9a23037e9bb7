using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Reactor;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Load;

/// <summary>One of many viewers that share a thread. Everything but the waits happens there.</summary>
internal sealed class CrowdViewer : IReadyHandler, IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly SafeFileHandle _descriptor;
    private readonly byte[] _buffer;
    private readonly StringBuilder _reply = new();
    private readonly TaskCompletionSource<string> _replied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Registration? _registration;
    private TaskCompletionSource<long>? _reached;
    private long _wanted;

    /// <param name="path">The console socket.</param>
    /// <param name="line">What it asks for.</param>
    /// <param name="account">Of what it gets.</param>
    /// <param name="buffer">The thread's, to read into.</param>
    public CrowdViewer(string path, string line, ReaderAccount account, byte[] buffer)
    {
        Account = account;
        _buffer = buffer;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.Send(Encoding.UTF8.GetBytes(line + "\n"));
        _descriptor = new SafeFileHandle(_socket.Handle, ownsHandle: false);
    }

    public ReaderAccount Account { get; }

    /// <summary>The daemon's answer.</summary>
    public Task<string> Replied => _replied.Task;

    /// <summary>Reads from now on; one that never does is stalled.</summary>
    public void Begin(EventLoop loop) => _registration = loop.Register(_descriptor, Readiness.Readable, this);

    /// <summary>Gives the time stamp at which it had all before the position.</summary>
    public Task<long> WhenAt(long position)
    {
        _wanted = position;
        TaskCompletionSource<long> reached = _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Look();
        return reached.Task;
    }

    public void OnReady(Readiness ready)
    {
        int count = _socket.Receive(_buffer);
        if (count == 0)
        {
            _registration?.Dispose();
            _registration = null;
            _replied.TrySetResult("nothing");
            _reached?.TrySetException(new EndOfStreamException($"{Account.Name} was ended at {Account.Position}"));
            return;
        }

        ReadOnlySpan<byte> bytes = _buffer.AsSpan(0, count);
        while (!_replied.Task.IsCompleted && !bytes.IsEmpty)
        {
            if (bytes[0] == '\n')
            {
                _replied.SetResult(_reply.ToString());
            }

            _reply.Append((char)bytes[0]);
            bytes = bytes[1..];
        }

        Account.Accept(bytes);
        Look();
    }

    public void Dispose()
    {
        _registration?.Dispose();
        _descriptor.Dispose();
        _socket.Dispose();
    }

    private void Look()
    {
        if (Account.Problem is { } problem)
        {
            _reached?.TrySetException(new InvalidDataException(problem));
        }
        else if (_reached is { } reached && Account.Position >= _wanted)
        {
            _reached = null;
            reached.TrySetResult(Stopwatch.GetTimestamp());
        }
    }
}
