using System.Text;

namespace XcsSharp.TestKit;

/// <summary>Bytes as they come, for whoever wants them. Valid only during the call.</summary>
public delegate void BytesReceived(ReadOnlySpan<byte> bytes);

/// <summary>
/// Everything that one stream has said, with waits that end when the awaited thing has been said. Any thread may append
/// and any may wait: each append wakes the waiters, and nobody polls.
/// </summary>
public sealed class Transcript(string name)
{
    /// <summary>How long a wait lasts when the caller names no other time; long, because it is only paid by a failure.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(20);

    private readonly Lock _lock = new();
    private readonly MemoryStream _bytes = new();
    private TaskCompletionSource _changed = NewSignal();
    private bool _ended;

    public string Name { get; } = name;

    public long Length
    {
        get
        {
            lock (_lock)
            {
                return _bytes.Length;
            }
        }
    }

    /// <summary>True once nothing more will come.</summary>
    public bool Ended
    {
        get
        {
            lock (_lock)
            {
                return _ended;
            }
        }
    }

    public string Text => Encoding.UTF8.GetString(ToArray());

    public byte[] ToArray()
    {
        lock (_lock)
        {
            return _bytes.ToArray();
        }
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _bytes.Write(bytes);
        }

        Wake();
    }

    /// <summary>Says that nothing more will come.</summary>
    public void End()
    {
        lock (_lock)
        {
            _ended = true;
        }

        Wake();
    }

    /// <summary>Waits until <paramref name="text"/> has been said at or after byte <paramref name="from"/>.</summary>
    /// <returns>The position behind it.</returns>
    /// <exception cref="TimeoutException">It was not; the message shows what was.</exception>
    public async Task<int> WaitForTextAsync(
        string text, CancellationToken cancel, int from = 0, TimeSpan? deadline = null)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(text);
        int end = -1;
        await WaitAsync(
            bytes =>
            {
                int at = from <= bytes.Length ? bytes[from..].IndexOf(wanted) : -1;
                end = at < 0 ? -1 : from + at + wanted.Length;
                return at >= 0;
            },
            $"\"{text}\"",
            deadline,
            cancel);
        return end;
    }

    /// <summary>Waits until at least <paramref name="length"/> bytes have come.</summary>
    public Task WaitForLengthAsync(long length, CancellationToken cancel, TimeSpan? deadline = null)
        => WaitAsync(bytes => bytes.Length >= length, $"{length} bytes", deadline, cancel);

    /// <summary>Waits until <paramref name="condition"/> holds for all the bytes so far.</summary>
    /// <param name="condition">Is called after each append.</param>
    /// <param name="wanted">What is waited for, for the message of a failure.</param>
    /// <param name="deadline"><see cref="DefaultDeadline"/> if null.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task WaitAsync(
        Func<ReadOnlySpan<byte>, bool> condition, string wanted, TimeSpan? deadline, CancellationToken cancel)
    {
        using CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        source.CancelAfter(deadline ?? DefaultDeadline);
        while (true)
        {
            Task changed;
            bool ended;
            lock (_lock)
            {
                if (condition(_bytes.GetBuffer().AsSpan(0, (int)_bytes.Length)))
                {
                    return;
                }

                changed = _changed.Task;
                ended = _ended;
            }

            if (ended)
            {
                throw new EndOfStreamException($"{Name} ended without {wanted}. {Describe()}");
            }

            try
            {
                await changed.WaitAsync(source.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TimeoutException($"{Name}: waited in vain for {wanted}. {Describe()}");
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }

    private string Describe()
    {
        const int Shown = 4000;
        string text = Text;
        return text.Length == 0 ? "It said nothing."
            : text.Length <= Shown ? $"It said:\n{text}"
            : $"It said {text.Length} characters, the last of them:\n{text[^Shown..]}";
    }
}
