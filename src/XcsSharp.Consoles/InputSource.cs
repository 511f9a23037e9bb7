namespace XcsSharp.Consoles;

/// <summary>Where input comes from, and can be told to wait: a terminal or a viewer.</summary>
internal interface IInputOrigin
{
    /// <summary>In the record of what is typed: printable ASCII.</summary>
    string RecordedAs { get; }

    void PauseInput();

    void ResumeInput();
}

/// <summary>
/// Input of one terminal or viewer on its way to the guest, in order. Bounded by pausing the origin: it holds less than
/// <see cref="PauseAt"/> bytes plus one read of the loop.
/// </summary>
internal sealed class InputSource
{
    /// <summary>From so many held bytes on the origin is not read.</summary>
    internal const int PauseAt = 4096;

    /// <summary>At so many held bytes it is read again.</summary>
    internal const int ResumeAt = 1024;

    private readonly IInputOrigin? _origin;
    private byte[] _bytes = [];
    private int _start;

    /// <param name="origin">Null for input whose origin is gone.</param>
    internal InputSource(IInputOrigin? origin)
    {
        _origin = origin;
    }

    /// <inheritdoc cref="IInputOrigin.RecordedAs"/>
    internal string Who => _origin?.RecordedAs ?? "gone";

    /// <summary>Bytes held.</summary>
    internal int Count { get; private set; }

    /// <summary>True while the origin is told to wait.</summary>
    internal bool IsPaused { get; private set; }

    /// <summary>True while it stands in the line of sources that wait for the guest.</summary>
    internal bool IsInLine { get; set; }

    internal void Append(ReadOnlySpan<byte> data)
    {
        if (_start + Count + data.Length > _bytes.Length)
        {
            MakeRoom(Count + data.Length);
        }

        data.CopyTo(_bytes.AsSpan(_start + Count));
        Count += data.Length;
        if (Count >= PauseAt && !IsPaused)
        {
            IsPaused = true;
            _origin?.PauseInput();
        }
    }

    /// <summary>The oldest held bytes, at most <paramref name="most"/>.</summary>
    internal ReadOnlySpan<byte> Peek(int most) => _bytes.AsSpan(_start, Math.Min(most, Count));

    internal void Advance(int count)
    {
        _start += count;
        Count -= count;
        if (Count == 0)
        {
            Clear();
        }

        if (Count <= ResumeAt && IsPaused)
        {
            IsPaused = false;
            _origin?.ResumeInput();
        }
    }

    /// <summary>Forgets what is held, and the memory of a large paste with it.</summary>
    internal void Clear()
    {
        _start = Count = 0;
        if (_bytes.Length > PauseAt)
        {
            _bytes = [];
        }
    }

    private void MakeRoom(int needed)
    {
        byte[] target = needed <= _bytes.Length ? _bytes : new byte[Math.Max(needed, Math.Max(64, 2 * _bytes.Length))];
        _bytes.AsSpan(_start, Count).CopyTo(target);
        _bytes = target;
        _start = 0;
    }
}
