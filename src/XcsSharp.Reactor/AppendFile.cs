namespace XcsSharp.Reactor;

/// <summary>What an <see cref="AppendFile"/> asks its owner, and tells it, on the loop's thread.</summary>
public interface IAppendSource
{
    /// <summary>The thread that writes has room: now is the time to say what. Not called again before <see cref="OnAppended"/>.</summary>
    /// <param name="buffer">64 KiB.</param>
    /// <returns>How many bytes were put there; 0 if there is nothing after all.</returns>
    int Fill(Span<byte> buffer);

    /// <summary>What <see cref="AppendFile.Look"/> has found.</summary>
    /// <param name="endsInsideLine">Null when there is no such file, or it cannot be read.</param>
    void OnLooked(bool? endsInsideLine);

    /// <summary>What became of the bytes of the last <see cref="Fill"/>. What was not written is the owner's again.</summary>
    void OnAppended(AppendResult result);
}

/// <summary>
/// A file that is written by the thread of a <see cref="FileAppender"/>, size-capped (<see cref="RotatingFile"/>). At most one
/// write is under way; bytes that come meanwhile stay with their owner and go with the next one.
/// </summary>
/// <remarks>Loop thread only. The file is opened with its first byte.</remarks>
public sealed class AppendFile : IDisposable
{
    private readonly FileAppender _appender;
    private readonly IAppendSource _source;
    private bool _isWanted;
    private bool _isInLine;
    private bool _isUnderWay;
    private bool _isReopening;
    private bool _isLooking;
    private bool _isDisposed;

    internal AppendFile(FileAppender appender, IAppendSource source, string path, long limit, int kept, bool isPrivate)
    {
        _appender = appender;
        _source = source;
        Path = path;
        OnDisk = new RotatingFile(limit, kept, isPrivate ? null : appender.Compressor, isPrivate);
    }

    /// <summary>Where the next byte goes.</summary>
    public string Path { get; private set; }

    /// <summary>Where the file ended when the thread last wrote to it, or looked at it; null when that failed, or has not been yet.</summary>
    public FileEnd? End { get; private set; }

    /// <summary>The writing thread's, while an order is under way.</summary>
    internal RotatingFile OnDisk { get; }

    /// <summary>Asks for a write: <see cref="IAppendSource.Fill"/> follows, at once or when the thread has room.</summary>
    public void Append()
    {
        if (!_isDisposed)
        {
            _isWanted = true;
            StandInLine();
        }
    }

    /// <summary>Asks where the file ends: <see cref="IAppendSource.OnLooked"/> follows, and no <see cref="IAppendSource.Fill"/> before it.</summary>
    public void Look()
    {
        if (!_isDisposed)
        {
            _isLooking = true;
            StandInLine();
        }
    }

    /// <summary>What is written from now on goes there; the file of before is closed first.</summary>
    public void MoveTo(string path) => Path = path;

    /// <summary>Opens the file by its name again, soon: somebody may have renamed what is open.</summary>
    public void Reopen()
    {
        _isReopening = true;
        Append();
    }

    /// <summary>Closes the file, after the write that is under way. Its owner hears no more of it.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            StandInLine();
        }
    }

    /// <summary>Its turn has come.</summary>
    /// <returns>False when there is nothing to do for the thread.</returns>
    internal bool TryMakeOrder(AppendOrder order)
    {
        _isInLine = false;
        order.File = this;
        order.Path = Path;
        order.IsClose = _isDisposed;
        order.IsReopen = _isReopening;
        order.IsLook = _isLooking && !_isDisposed && !_isReopening;
        order.Count = _isDisposed || order.IsLook || _isLooking ? 0 : _source.Fill(order.Buffer);
        _isLooking &= !order.IsLook;
        _isReopening = false;
        _isWanted &= order.IsLook;
        _isUnderWay = order.Count > 0 || order.IsReopen || order.IsClose || order.IsLook;
        return _isUnderWay;
    }

    /// <summary>The order is carried out, and its buffer free for the next one.</summary>
    internal void OnDone(AppendOrder order)
    {
        // Copied first: the order is free already, and may be made again by what follows.
        (int count, bool isClosed, bool isLook) = (order.Count, order.IsClose, order.IsLook);
        (AppendResult result, bool? endsInsideLine) = (order.Result, order.EndsInsideLine);
        End = order.End;
        _isUnderWay = false;
        if (!_isDisposed && count > 0)
        {
            _source.OnAppended(result);
        }
        else if (!_isDisposed && isLook)
        {
            _source.OnLooked(endsInsideLine);
        }

        if (_isDisposed ? !isClosed : _isWanted || _isLooking)
        {
            StandInLine();
        }
    }

    private void StandInLine()
    {
        if (!_isInLine && !_isUnderWay)
        {
            _isInLine = true;
            _appender.Line(this);
        }
    }
}

/// <summary>One thing for the writing thread to do, and the memory for it. Made once, used again and again.</summary>
internal sealed class AppendOrder
{
    /// <summary>As much as one write carries: large enough that its cost does not count.</summary>
    internal const int BufferSize = 64 * 1024;

    private byte[]? _buffer;

    internal byte[] Buffer => _buffer ??= GC.AllocateUninitializedArray<byte>(BufferSize);

    internal AppendFile? File { get; set; }

    internal string Path { get; set; } = "";

    internal int Count { get; set; }

    internal bool IsReopen { get; set; }

    internal bool IsClose { get; set; }

    internal bool IsLook { get; set; }

    internal bool? EndsInsideLine { get; set; }

    internal AppendResult Result { get; set; }

    internal FileEnd? End { get; set; }
}
