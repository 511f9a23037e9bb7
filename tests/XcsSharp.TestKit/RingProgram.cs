using XcsSharp.Rings;

namespace XcsSharp.TestKit;

/// <summary>
/// The console driver of a guest of today over a <see cref="FakeConsole"/>: output as much as fits, the rest when dom0 signals;
/// input is taken then, too.
/// </summary>
public sealed class RingProgram
{
    private readonly FakeConsole _console;
    private readonly byte[] _buffer = new byte[ConsoleRingLayout.InputSize];
    private ReadOnlyMemory<byte> _output;

    public RingProgram(FakeConsole console)
    {
        _console = console;
        console.Interrupt = Run;
    }

    /// <summary>Gets input as it is taken off the ring.</summary>
    public BytesReceived? Input { get; set; }

    /// <summary>While false, input stays in the ring.</summary>
    public bool TakesInput { get; set; } = true;

    /// <summary>Output that is not in the ring yet.</summary>
    public int Unsent => _output.Length;

    /// <summary>Begins to write; what does not fit in the ring goes on with the interrupts.</summary>
    public void Write(ReadOnlyMemory<byte> output)
    {
        if (!_output.IsEmpty)
        {
            throw new InvalidOperationException("The output of before has not gone yet.");
        }

        _output = output;
        Run();
    }

    public void Run()
    {
        int put = _console.Ring.Put(_output.Span);
        _output = _output[put..];
        if (put > 0 | (TakesInput && TakeInput()))
        {
            _console.Kick();
        }
    }

    private bool TakeInput()
    {
        bool tookSome = false;
        while (_console.Ring.TryTake(_buffer, out int count) == RingRead.Message)
        {
            tookSome = true;
            Input?.Invoke(_buffer.AsSpan(0, count));
        }

        return tookSome;
    }
}
