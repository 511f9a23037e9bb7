using System.Diagnostics;

using XcsSharp.Protocol;

namespace XcsSharp.Consoles;

/// <summary>
/// Carries input from a console's terminal and viewers to the guest. The sources take turns, one request or a few bytes of
/// a ring each; none is reordered, none can keep another waiting for more than its turn.
/// </summary>
/// <remarks>
/// While the guest has no room, or there is nowhere to send to, the bytes stay with their source, and the source is not read once
/// it holds <see cref="InputSource.PauseAt"/>. A viewer that leaves may leave input behind (<c>echo reboot | socat …</c>); all
/// such input shares one queue of <see cref="MaxAbandoned"/> bytes, and what goes beyond is dropped and counted.
/// </remarks>
internal sealed class ConsoleInput
{
    /// <summary>The id of our requests. No guest looks at it, but some echo it as an index: 0xFF is "no callback" (spec section 7).</summary>
    internal const byte RequestId = 0xFF;

    /// <summary>Console data; the only subtype of <see cref="MessageType.Console"/> there is.</summary>
    internal const byte DataSubtype = 0;

    /// <summary>Bytes of input held for sources that are gone.</summary>
    internal const int MaxAbandoned = 64 * 1024;

    // Both made when they are needed: most guests never get a byte.
    private Queue<InputSource>? _line;
    private InputSource? _abandoned;
    private IInputSink? _sink;
    private bool _blocked;

    /// <summary>Bytes given to the sink.</summary>
    internal ulong BytesSent { get; private set; }

    /// <summary>Bytes of departed sources that found no room.</summary>
    internal ulong BytesDropped { get; private set; }

    /// <summary>Sources in the line: at most the viewers of now, the terminal, and one for all that have left.</summary>
    internal int Waiting => _line?.Count ?? 0;

    /// <summary>Where to send; null while the domain has no such thing.</summary>
    internal IInputSink? Sink
    {
        get => _sink;
        set
        {
            _sink = value;
            _blocked = false;
            Send();
        }
    }

    internal void Add(InputSource source, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
        {
            return;
        }

        Hold(source, data);
        Send();
    }

    /// <summary>Takes over what a source that is gone has left.</summary>
    internal void Abandon(InputSource source)
    {
        if (source.Count == 0)
        {
            return;
        }

        _abandoned ??= new InputSource(origin: null);
        ReadOnlySpan<byte> rest = source.Peek(source.Count);
        int take = Math.Min(rest.Length, MaxAbandoned - _abandoned.Count);
        BytesDropped += (ulong)(rest.Length - take);
        Hold(_abandoned, rest[..take]);
        source.Clear();
        RemoveFromLine(source);
        Send();
    }

    /// <summary>What sources that are gone have left.</summary>
    internal ReadOnlySpan<byte> AbandonedBytes => _abandoned is null ? [] : _abandoned.Peek(_abandoned.Count);

    /// <summary>Goes on with the figures of another daemon, and with what nobody is there for any more.</summary>
    internal void Restore(ulong sent, ulong dropped, ReadOnlySpan<byte> abandoned)
    {
        BytesSent = sent;
        BytesDropped = dropped;
        if (!abandoned.IsEmpty)
        {
            _abandoned = new InputSource(origin: null);
            Hold(_abandoned, abandoned);
        }
    }

    /// <summary>The sink has room again.</summary>
    internal void OnRoom()
    {
        _blocked = false;
        Send();
    }

    private void Hold(InputSource source, ReadOnlySpan<byte> data)
    {
        source.Append(data);
        if (!source.IsInLine)
        {
            source.IsInLine = true;
            _line ??= new Queue<InputSource>();
            _line.Enqueue(source);
        }
    }

    /// <summary>Not left until its turn comes: while the guest reads nothing, viewers may come and go without end.</summary>
    private void RemoveFromLine(InputSource source)
    {
        for (int left = Waiting; left > 0; left--)
        {
            InputSource next = _line!.Dequeue();
            if (next != source)
            {
                _line.Enqueue(next);
            }
        }

        source.IsInLine = false;
    }

    private void Send()
    {
        while (!_blocked && _sink is not null && _line is not null && _line.TryPeek(out InputSource? source))
        {
            ReadOnlySpan<byte> data = source.Peek(_sink.MostAtOnce);
            int taken = data.IsEmpty ? 0 : _sink.Send(data);
            BytesSent += (ulong)taken;
            if (taken < data.Length)
            {
                // It stays first in the line: its turn is not over.
                _blocked = true;
            }
            else
            {
                _ = _line.Dequeue();
                source.IsInLine = source.Count > taken;
                if (source.IsInLine)
                {
                    _line.Enqueue(source);
                }
            }

            // Last: the origin may be read again from here on, and must find a consistent line.
            source.Advance(taken);
            Debug.Assert(source.IsInLine || source.Count == 0, "held input without a place in the line");
        }
    }
}
