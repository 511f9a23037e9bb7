using System.Text;

using XcsSharp.Rings;
using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>The stream's side of a console: takes all output at once, as the switch does.</summary>
internal sealed class RecordedConsole : IPortHandler
{
    private readonly byte[] _buffer = new byte[2048];
    private readonly StringBuilder _output = new();

    public RecordedConsole(IConsoleTransport transport) => Transport = transport;

    public IConsoleTransport Transport { get; }

    public bool IsOpen { get; private set; } = true;

    public bool IsCorrupt { get; private set; }

    public int Events { get; private set; }

    /// <summary>Bytes taken so far.</summary>
    public long Taken { get; private set; }

    public string Output => _output.ToString();

    /// <summary>Off: bytes are counted only, so that nothing is allocated.</summary>
    public bool Keeps { get; set; } = true;

    public void OnPortEvent(int port)
    {
        Events++;
        if (port != Transport.LocalPort)
        {
            Assert.Fail($"port {port} instead of {Transport.LocalPort}");
        }

        Transport.Unmask();
        if (Drain())
        {
            Transport.Notify();
        }
    }

    public void Close(bool leavesTerminal = false)
    {
        if (IsOpen)
        {
            Drain();
            if (!leavesTerminal)
            {
                Transport.PublishTerminal(null);
            }

            Transport.Dispose();
            IsOpen = false;
        }
    }

    private bool Drain()
    {
        bool any = false;
        for (; ; )
        {
            RingRead read = Transport.TryTake(_buffer, out int count);
            IsCorrupt |= read == RingRead.Corrupt;
            if (read != RingRead.Message)
            {
                return any;
            }

            any = true;
            Taken += count;
            if (Keeps)
            {
                _output.Append(Encoding.Latin1.GetString(_buffer.AsSpan(0, count)));
            }

            Transport.GiveRoom();
        }
    }
}
