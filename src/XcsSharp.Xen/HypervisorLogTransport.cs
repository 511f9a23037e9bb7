using System.Diagnostics;
using System.Globalization;

using Microsoft.Extensions.Logging;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.Xen;

/// <summary>
/// The hypervisor's own log in the shape of a console: read from the oldest line on, or from where the daemon before has ended, and on from there whenever the virtual
/// interrupt says that there is more. What Xen wrote over before it was read is a gap mark.
/// </summary>
internal sealed class HypervisorLogTransport : ConsoleTransport
{
    /// <summary>VIRQ_CON_RING (xen/include/public/xen.h). Global: one program of dom0 can have it.</summary>
    public const int Virq = 8;

    /// <summary>The longest gap mark: 8 + 13 (10 digits, 3 commas) + 9 bytes.</summary>
    private const int MarkSize = 32;

    private readonly HypervisorLog _text;
    private readonly ILogger _log;
    private bool _failed;

    /// <param name="loop">Where the first, made-up event is delivered.</param>
    /// <param name="device">Has <paramref name="localPort"/> bound to the interrupt; it is unbound by Dispose.</param>
    /// <param name="localPort">dom0's port.</param>
    /// <param name="text">Read from here on, by nobody else; must outlive this.</param>
    /// <param name="log">For a log that can not be read.</param>
    public HypervisorLogTransport(
        EventLoop loop, EventChannelDevice device, int localPort, HypervisorLog text, ILogger log)
        : base(loop, device, localPort)
    {
        _text = text;
        _log = log;
    }

    public override int Number => 0;

    public override int RemotePort => 0;

    public override bool TakesInput => false;

    /// <summary>Nobody waits for a signal of ours.</summary>
    public override bool WasUsed => false;

    public override bool IsInputCorrupt => false;

    public override uint OutputIndex => _text.Index;

    /// <summary>Nobody is at the other end.</summary>
    public override bool Notify() => true;

    public override RingRead TryTake(Span<byte> to, out int count)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(to.Length, MarkSize);

        // Room for a mark before the bytes is left each time: only the read itself tells whether one is needed.
        Errno error = _text.Read(to[..^MarkSize], out count, out uint lost);
        if (error != Errno.OK)
        {
            // Said once: the interrupt may come again and again.
            if (!_failed)
            {
                _failed = true;
                _log.HypervisorLogNotRead(error);
            }

            return RingRead.Empty;
        }

        if (lost > 0)
        {
            Span<byte> mark = stackalloc byte[MarkSize];
            mark = mark[..WriteMark(mark, lost)];
            to[..count].CopyTo(to[mark.Length..]);
            mark.CopyTo(to);
            count += mark.Length;
        }

        return count > 0 ? RingRead.Message : RingRead.Empty;
    }

    public override void GoOnFrom(uint outputIndex) => _text.GoOnFrom(outputIndex);

    public override int Put(ReadOnlySpan<byte> input) => 0;

    /// <summary>The toolstack has no place for it.</summary>
    public override void PublishTerminal(string? device)
    {
    }

    protected override void Release()
    {
    }

    /// <summary>As a console's readers are told of output that they missed.</summary>
    private static int WriteMark(Span<byte> text, uint bytes)
    {
        ReadOnlySpan<byte> before = "\r\n[gap: "u8;
        ReadOnlySpan<byte> after = " bytes]\r\n"u8;
        before.CopyTo(text);
        int length = before.Length;
        bool formatted = bytes.TryFormat(text[length..], out int digits, "N0", CultureInfo.InvariantCulture);
        Debug.Assert(formatted, "a 32-bit number with its commas fits");
        length += digits;
        after.CopyTo(text[length..]);
        return length + after.Length;
    }
}
