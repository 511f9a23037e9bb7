using System.Threading.Channels;

namespace XcsSharp.Cli;

/// <summary>Why input came to its end.</summary>
internal enum InputEnd
{
    /// <summary>The escape key was pressed.</summary>
    Escape,

    /// <summary>End of file, or the terminal was hung up.</summary>
    EndOfInput,
}

/// <summary>
/// Standard input to the console. Reading and sending are apart, so that the escape key is seen also while the guest
/// takes no input.
/// </summary>
/// <param name="from">Read on a thread of its own: it blocks.</param>
/// <param name="to">The console.</param>
/// <param name="escape">Ends the input, or opens the menu; what comes before it is still sent.</param>
/// <param name="menu">What the key opens; null: it ends the input. Gets a function that gives the next key (null: there is none any more), and
/// one that types for the guest.</param>
internal sealed class ConsoleInput(
    Stream from, Stream to, EscapeKey escape, Func<Func<byte?>, Action<byte[]>, MenuEnd>? menu = null)
{
    private const int ReadSize = 4096;

    /// <summary>Reads ahead of a guest that takes nothing: 1 MiB; then even the escape key waits.</summary>
    private const int MaxWaiting = 256;

    private readonly Channel<byte[]> _waiting = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true });

    private readonly byte[] _read = new byte[ReadSize];
    private int _taken;
    private int _filled;
    private Task _sending = Task.CompletedTask;

    /// <summary>False while not a byte has come.</summary>
    public bool HasRead { get; private set; }

    /// <summary>Starts both sides.</summary>
    /// <returns>Completes when the input has ended; what it gave may still be on its way, see <see cref="FlushAsync"/>.</returns>
    public Task<InputEnd> RunAsync()
    {
        _sending = SendAsync();
        TaskCompletionSource<InputEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        // In the background, because nothing can end a read that waits for a key.
        new Thread(() => ended.SetResult(Read())) { IsBackground = true, Name = "reads standard input" }.Start();
        return ended.Task;
    }

    /// <summary>Takes no more, and completes when everything read before is sent, or cannot be.</summary>
    public Task FlushAsync()
    {
        _waiting.Writer.TryComplete();
        return _sending;
    }

    private InputEnd Read()
    {
        try
        {
            while (Fill())
            {
                ReadOnlySpan<byte> typed = _read.AsSpan(_taken.._filled);
                int before = escape.FindIn(typed);
                Forward(typed[..(before < 0 ? typed.Length : before)]);
                _taken = before < 0 ? _filled : _taken + before + 1;
                if (before >= 0 && (menu is null || menu(NextKey, bytes => Forward(bytes)) == MenuEnd.Leave))
                {
                    return InputEnd.Escape;
                }
            }
        }
        catch (IOException)
        {
            // EIO: the terminal was hung up.
        }

        return InputEnd.EndOfInput;
    }

    private byte? NextKey() => Fill() ? _read[_taken++] : null;

    /// <summary>Reads more when everything was taken.</summary>
    /// <returns>False at the end of the input.</returns>
    private bool Fill()
    {
        if (_taken == _filled)
        {
            _taken = 0;
            _filled = from.Read(_read, 0, _read.Length);
            HasRead |= _filled > 0;
        }

        return _filled > 0;
    }

    private void Forward(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            byte[] copy = bytes.ToArray();
            while (!_waiting.Writer.TryWrite(copy) && _waiting.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
            }
        }
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (byte[] bytes in _waiting.Reader.ReadAllAsync())
            {
                await to.WriteAsync(bytes);
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The connection is gone: whoever reads from it says so. Input is read on, for the escape key.
            await foreach (byte[] _ in _waiting.Reader.ReadAllAsync())
            {
            }
        }
    }
}
