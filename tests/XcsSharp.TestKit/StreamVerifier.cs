namespace XcsSharp.TestKit;

/// <summary>
/// Compares what a reader gets with the <see cref="SeededStream"/> that was sent, as it comes. The first difference is
/// kept, with what it looks like: bytes lost, bytes repeated, or neither.
/// </summary>
/// <remarks>One thread feeds it; any may wait for <see cref="Finished"/>.</remarks>
public sealed class StreamVerifier
{
    private const int ProbeLength = 16;
    private const int Search = 1 << 20;

    private readonly SeededStream _expected;
    private readonly long _length;
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _scratch = [];
    private long _position;

    /// <param name="name">Who reads, for messages.</param>
    /// <param name="expected">What was sent.</param>
    /// <param name="length">How much of it; bytes beyond that are an error too.</param>
    public StreamVerifier(string name, SeededStream expected, long length)
    {
        Name = name;
        _expected = expected;
        _length = length;
    }

    public string Name { get; }

    /// <summary>Bytes that came and were right.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Bytes still to come.</summary>
    public long Missing => _length - Position;

    /// <summary>The first difference; null while all is right.</summary>
    public string? Problem { get; private set; }

    /// <summary>Completes when all bytes have come, or at the first difference.</summary>
    public Task Finished => _finished.Task;

    public void Accept(ReadOnlySpan<byte> bytes)
    {
        if (Problem is not null || bytes.IsEmpty)
        {
            return;
        }

        if (_scratch.Length < bytes.Length)
        {
            _scratch = new byte[bytes.Length];
        }

        Span<byte> expected = _scratch.AsSpan(0, bytes.Length);
        _expected.Fill(_position, expected);
        int same = bytes.CommonPrefixLength(expected);
        if (same < bytes.Length)
        {
            Fail(Describe(_position + same, bytes[same..], expected[same]));
        }
        else if (_position + bytes.Length > _length)
        {
            Fail($"{Name}: more than the {_length} bytes that were sent (seed {_expected.Seed}).");
        }

        Volatile.Write(ref _position, _position + same);
        if (_position >= _length)
        {
            _finished.TrySetResult();
        }
    }

    /// <exception cref="InvalidDataException">A byte is missing, or not as sent.</exception>
    public void Check()
    {
        if (Problem is not null)
        {
            throw new InvalidDataException(Problem);
        }

        if (Missing > 0)
        {
            throw new InvalidDataException(
                $"{Name}: {Position} of {_length} bytes came, {Missing} are missing (seed {_expected.Seed}).");
        }
    }

    /// <summary>Waits for the last byte, and throws at the first wrong one or at the deadline.</summary>
    public async Task CheckAsync(CancellationToken cancel, TimeSpan? deadline = null)
    {
        try
        {
            await Finished.WaitAsync(deadline ?? Transcript.DefaultDeadline, cancel);
        }
        catch (TimeoutException)
        {
            // Check says what is missing.
        }

        Check();
    }

    private void Fail(string problem)
    {
        Problem = problem;
        _finished.TrySetResult();
    }

    private string Describe(long position, ReadOnlySpan<byte> got, byte expected)
    {
        string difference = $"{Name}: first difference at byte {position}: got {got[0]:x2}, expected {expected:x2}"
            + $" (seed {_expected.Seed})";
        if (got.Length < ProbeLength)
        {
            return difference + ".";
        }

        ReadOnlySpan<byte> probe = got[..ProbeLength];
        int ahead = _expected.Take(position, Search).AsSpan().IndexOf(probe);
        if (ahead > 0)
        {
            return $"{difference}; {ahead} bytes were lost.";
        }

        long start = Math.Max(0, position - Search);
        int behind = _expected.Take(start, (int)(position - start)).AsSpan().LastIndexOf(probe);
        return behind >= 0
            ? $"{difference}; the bytes from {start + behind} came again."
            : $"{difference}; these bytes are nowhere near in the stream.";
    }
}
