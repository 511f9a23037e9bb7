using XcsSharp.Guest;
using XcsSharp.Interop;
using XcsSharp.Protocol;

namespace XcsSharp.GuestAgent;

/// <summary>
/// <c>xcs-guest console</c>: standard input goes out on the guest's console, the console's input goes to standard output.
/// Byte for byte, both ways; who does not read holds up only its own direction.
/// </summary>
internal sealed class ConsoleAgent : Agent
{
    private readonly bool _exitAtEndOfInput;
    private readonly BackgroundReader _input;
    private readonly BackgroundWriter _output;

    public ConsoleAgent(AgentOptions options, bool exitAtEndOfInput)
        : base(options)
    {
        _exitAtEndOfInput = exitAtEndOfInput;
        _input = new BackgroundReader(Loop, new DescriptorStream(0), SendWaiting);
        _output = new BackgroundWriter(Loop, new DescriptorStream(1), OnOutputRoom);
    }

    public override void OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response)
    {
        if (request.Type == MessageType.Console)
        {
            _output.Append(request.Data);
            if (_output.Room < ProtocolLimits.MaxPayload)
            {
                channel.PauseRequests();
            }
        }
    }

    public override void OnRoom(GuestChannel channel) => SendWaiting();

    protected override void OnStart() => _input.Start();

    private void SendWaiting()
    {
        while (!_input.Waiting.IsEmpty)
        {
            int count = Math.Min(_input.Waiting.Length, ProtocolLimits.MaxPayload);
            if (!Channel.TrySend(Options.Type, 0, _input.Waiting[..count]))
            {
                return;
            }

            _input.Take(count);
        }

        EndIfDone();
    }

    private void OnOutputRoom()
    {
        Channel.ResumeRequests();
        EndIfDone();
    }

    private void EndIfDone()
    {
        if (_exitAtEndOfInput && _input.Ended && Channel.Unanswered == 0 && _output.IsIdle)
        {
            End(0);
        }
    }
}
