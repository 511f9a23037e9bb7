using XcsSharp.Protocol;
using XcsSharp.Rings;

namespace XcsSharp.TestKit;

/// <summary>
/// The console driver of a <see cref="FakeGuest"/>, as Linux had it in 2005 (spec section 7): as many requests as fit, the
/// rest when responses free their slots; input is answered with length 0. Runs whenever the controller signals.
/// </summary>
public sealed class ConsoleProgram
{
    private readonly FakeGuest _guest;
    private readonly List<int> _inputSizes = [];
    private ReadOnlyMemory<byte> _output;

    public ConsoleProgram(FakeGuest guest)
    {
        _guest = guest;
        guest.Interrupt = Run;
    }

    /// <summary>Gets input as it is taken off the ring.</summary>
    public BytesReceived? Input { get; set; }

    /// <summary>While false, input stays in the ring and its slots are not freed.</summary>
    public bool TakesInput { get; set; } = true;

    /// <summary>Payload sizes of the input requests so far, in order.</summary>
    public IReadOnlyList<int> InputSizes => _inputSizes;

    /// <summary>Input requests whose type, subtype or id is not what a console driver expects.</summary>
    public int StrangeRequests { get; private set; }

    /// <summary>Responses to our output.</summary>
    public long Responses { get; private set; }

    /// <summary>Output that is not in the ring yet.</summary>
    public int Unsent => _output.Length;

    /// <summary>Set it to keep <see cref="InputSizes"/>; off, nothing is allocated.</summary>
    public bool KeepsSizes { get; set; } = true;

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
        bool moved = TakeResponses();
        moved |= PutOutput();
        moved |= TakesInput && TakeInput();
        if (moved)
        {
            _guest.Kick();
        }
    }

    private bool TakeResponses()
    {
        bool moved = false;
        while (_guest.Page.Transmit.TryTakeResponse(out _) == RingRead.Message)
        {
            Responses++;
            moved = true;
        }

        return moved && !_output.IsEmpty;
    }

    private bool PutOutput()
    {
        bool moved = false;
        while (!_output.IsEmpty && _guest.Page.Transmit.Room > 0)
        {
            int count = Math.Min(_output.Length, ProtocolLimits.MaxPayload);
            ControlMessage request = ControlMessage.Create(MessageType.Console, 0, 0xFF, _output.Span[..count]);
            _ = _guest.Page.Transmit.TryPutRequest(request);
            _output = _output[count..];
            moved = true;
        }

        return moved;
    }

    private bool TakeInput()
    {
        bool moved = false;
        while (_guest.Page.Receive.TryTakeRequest(out ControlMessage request) == RingRead.Message)
        {
            moved = true;
            if (request is not { Type: MessageType.Console, Subtype: 0, Id: 0xFF })
            {
                StrangeRequests++;
            }

            if (KeepsSizes)
            {
                _inputSizes.Add(request.Length);
            }

            Input?.Invoke(request.Data);
            _guest.Page.Receive.PutResponse(0, ControlMessage.EmptyAnswerTo(request));
        }

        return moved;
    }
}
