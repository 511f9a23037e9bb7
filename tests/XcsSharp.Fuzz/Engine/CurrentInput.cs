using System.IO.MemoryMappedFiles;

namespace XcsSharp.Fuzz.Engine;

/// <summary>
/// The input that is being executed, in a mapped file: what is in it outlives the process. And a thread that ends the process when an
/// input takes for ever.
/// </summary>
internal sealed class CurrentInput : IDisposable
{
    /// <summary>Far more than any input takes, on a busy machine too.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly string _path;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte[] _copy;
    private readonly Timer _watch;
    private readonly Action<byte[]> _onHang;
    private long _executions;
    private long _watched = -1;
    private int _length = -1;

    /// <param name="path">The file.</param>
    /// <param name="maxLength">Of an input.</param>
    /// <param name="onHang">Called on a thread of its own; what it gets has not ended in time.</param>
    public CurrentInput(string path, int maxLength, Action<byte[]> onHang)
    {
        _path = path;
        _onHang = onHang;
        _copy = new byte[maxLength];
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Create, null, maxLength + sizeof(int));
        _view = _file.CreateViewAccessor();
        _watch = new Timer(_ => Watch(), null, s_patience, s_patience);
    }

    /// <summary>What a run left behind that ended in the middle of an input; null when there is none.</summary>
    public static byte[]? TakeLeftover(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        int length = bytes.Length < sizeof(int) ? -1 : BitConverter.ToInt32(bytes) - 1;
        return length >= 0 && length <= bytes.Length - sizeof(int) ? bytes[sizeof(int)..(sizeof(int) + length)] : null;
    }

    public void Begin(ReadOnlySpan<byte> input)
    {
        input.CopyTo(_copy);
        _view.WriteArray(sizeof(int), _copy, 0, input.Length);
        _view.Write(0, input.Length + 1);
        Volatile.Write(ref _length, input.Length);
        Interlocked.Increment(ref _executions);
    }

    public void End()
    {
        Volatile.Write(ref _length, -1);
        _view.Write(0, 0);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _view.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    private void Watch()
    {
        long executions = Interlocked.Read(ref _executions);
        if (executions == _watched && Volatile.Read(ref _length) is int length and >= 0)
        {
            _onHang(_copy[..length]);
        }

        _watched = executions;
    }
}
