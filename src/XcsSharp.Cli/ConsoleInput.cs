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
/// <param name="escape">Ends the input; what comes before it is still sent.</param>
internal sealed class ConsoleInput(Stream from, Stream to, EscapeKey escape)
{
    private const int ReadSize = 4096;

    /// <summary>Reads ahead of a guest that takes nothing: 1 MiB; then even the escape key waits.</summary>
    private const int MaxWaiting = 256;

    private readonly Channel<byte[]> _waiting = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true });

    private Task _sending = Task.CompletedTask;

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
        byte[] buffer = new byte[ReadSize];
        try
        {
            int count;
            while ((count = from.Read(buffer, 0, buffer.Length)) > 0)
            {
                int before = escape.FindIn(buffer.AsSpan(0, count));
                Forward(buffer.AsSpan(0, before < 0 ? count : before));
                if (before >= 0)
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
