using System.Globalization;
using System.IO.Compression;

using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>
/// Compresses the full files that a <see cref="RotatingFile"/> has put aside, <c>NAME.2</c> and older ones to <c>NAME.2.gz</c>: one at a time, on a thread
/// of its own and of low priority, so that no write waits for it. <c>NAME.1</c> stays as it is: whoever follows the log may still be reading it.
/// </summary>
/// <remarks>
/// A file is written under another name, forced to the disk and renamed before the plain one goes, so that whatever happens there is one or the
/// other, whole; where it happened between the two, both, and then the compressed one is whole and the plain one is removed. What was begun and not
/// finished is removed at the start. What cannot be compressed stays plain until the next file is put aside.
/// </remarks>
public sealed class OldFileCompressor : IDisposable
{
    /// <summary>After a number in a file's name: compressed.</summary>
    public const string Suffix = ".gz";

    /// <summary>The youngest that is compressed.</summary>
    internal const int First = 2;

    /// <summary>Names whose files it has not looked at yet.</summary>
    internal const int MostWaiting = 4096;

    private const string Unfinished = ".gz.tmp";
    private const uint OwnerWritesGroupReads = 0x1a0; // 0640

    private static readonly TimeSpan s_endOfThread = TimeSpan.FromSeconds(1);

    private readonly EventLoop _loop;
    private readonly string _directory;
    private readonly Action<string> _failed;
    private readonly Thread _thread;
    private readonly object _gate = new();
    private readonly Dictionary<string, int> _waiting = new(StringComparer.Ordinal);
    private readonly byte[] _block = new byte[64 * 1024];
    private volatile bool _isEnding;

    /// <param name="loop">Hears of what goes wrong.</param>
    /// <param name="threadName">At most 15 characters: what tools show.</param>
    /// <param name="directory">Where unfinished files of a run before are removed.</param>
    /// <param name="failed">On the loop's thread: a file stays plain, and why.</param>
    public OldFileCompressor(EventLoop loop, string threadName, string directory, Action<string> failed)
    {
        _loop = loop;
        _directory = directory;
        _failed = failed;
        _thread = new Thread(Run) { Name = threadName, IsBackground = true };
        _thread.Start();
    }

    internal int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Held while numbers in names change, which takes no longer than a rename.</summary>
    internal object Names { get; } = new();

    /// <summary>Ends the thread. What it has begun is removed; it is left to itself when the disk does not let it go.</summary>
    public void Dispose()
    {
        _isEnding = true;
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }

        _ = _thread.Join(s_endOfThread);
    }

    /// <summary>What a full file is called that is not compressed: 1 is the youngest.</summary>
    public static string OldName(string path, int number) => string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");

    /// <summary>Another file was put aside. Any thread.</summary>
    /// <param name="path">The log's name.</param>
    /// <param name="kept">How many old ones it has at most.</param>
    internal void Add(string path, int kept)
    {
        lock (_gate)
        {
            // Beyond that a file waits for the next one of its name.
            if (_waiting.Count < MostWaiting)
            {
                _waiting[path] = kept;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void Run()
    {
        try
        {
            Sys.LowerThreadPriority();
            RemoveUnfinished();
            while (TryTake(out string path, out int kept))
            {
                try
                {
                    CompressAll(path, kept);
                }
                catch (IOException failure)
                {
                    _loop.Post(() => _failed(failure.Message));
                }
            }
        }
        catch (Exception bug)
        {
            // Of ours, since a disk's faults are caught: the loop fails fast.
            _loop.Post(() => throw new InvalidOperationException("The thread that compresses files has failed.", bug));
        }
    }

    private bool TryTake(out string path, out int kept)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_isEnding)
            {
                _ = Monitor.Wait(_gate);
            }

            (path, kept) = _waiting.FirstOrDefault();
            return !_isEnding && _waiting.Remove(path);
        }
    }

    private void RemoveUnfinished()
    {
        try
        {
            foreach (string file in Directory.EnumerateFiles(_directory, "*" + Unfinished))
            {
                _ = Sys.Unlink(file);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The first write says what is wrong with the directory.
        }
    }

    private void CompressAll(string path, int kept)
    {
        for (int number = kept; number >= First && !_isEnding; number--)
        {
            string plain = OldName(path, number);
            lock (Names)
            {
                if (!Sys.Status(plain, out statx status).IsOk || (status.stx_mode & Libc.FileTypeMask) != Libc.FileTypeRegular)
                {
                    continue;
                }

                if (Sys.Status(plain + Suffix, out _).IsOk)
                {
                    // We ended between the two last time.
                    Sys.Unlink(plain).OrThrow("unlink", plain);
                    continue;
                }
            }

            Compress(path, number, kept);
        }
    }

    private void Compress(string path, int number, int kept)
    {
        string unfinished = path + Unfinished;
        try
        {
            using SafeFileHandle source = Sys.Open(
                OldName(path, number), Libc.O_RDONLY | Libc.O_NOFOLLOW | Libc.O_NOCTTY | Libc.O_NONBLOCK);
            ulong inode = Sys.Status(source).stx_ino;
            if (!TryWrite(source, unfinished))
            {
                return;
            }

            lock (Names)
            {
                // It may have got another number meanwhile, or be gone.
                for (int now = number; now <= kept; now++)
                {
                    string plain = OldName(path, now);
                    if (Sys.Status(plain, out statx status).IsOk && status.stx_ino == inode)
                    {
                        Sys.Rename(unfinished, plain + Suffix).OrThrow("rename", unfinished);
                        Sys.Unlink(plain).OrThrow("unlink", plain);
                        return;
                    }
                }
            }
        }
        catch (ErrnoException failure) when (failure.Errno == Errno.ENOENT)
        {
            // The file was moved on, or removed, before it was opened: the next one that is put aside finds it.
        }
        finally
        {
            _ = Sys.Unlink(unfinished);
        }
    }

    /// <returns>False when the thread is to end.</returns>
    private bool TryWrite(SafeFileHandle source, string to)
    {
        _ = Sys.Unlink(to);
        using SafeFileHandle target = Sys.Open(
            to, Libc.O_WRONLY | Libc.O_CREAT | Libc.O_EXCL | Libc.O_NOFOLLOW | Libc.O_NOCTTY, OwnerWritesGroupReads);
        using (FileStream file = new(target, FileAccess.Write, bufferSize: 0))
        {
            using (GZipStream packed = new(file, CompressionLevel.Optimal, leaveOpen: true))
            {
                int count;
                while ((count = Sys.Read(source, _block).OrThrow("read", to)) > 0)
                {
                    if (_isEnding)
                    {
                        return false;
                    }

                    packed.Write(_block, 0, count);
                }
            }

            file.Flush(flushToDisk: true);
        }

        return true;
    }
}
