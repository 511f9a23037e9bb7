using System.Globalization;
using System.Text;

using XcsSharp.Guest;
using XcsSharp.Interop;
using XcsSharp.Protocol;

namespace XcsSharp.GuestAgent;

/// <summary>
/// <c>xcs-guest replay</c>: sends the requests of a capture as they were, as fast as they are answered, and at the end
/// prints what went through as one line of JSON.
/// </summary>
internal sealed class ReplayAgent(AgentOptions options, CapturedRequests requests) : Agent(options)
{
    private ControlMessage _next;
    private bool _hasNext;

    public override void OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response)
    {
        // What was answered then the capture of a subscriber does not tie to a request: answered with nothing.
    }

    public override void OnRoom(GuestChannel channel) => Send();

    protected override void OnStart()
    {
        _hasNext = requests.TryTake(out _next);
        Send();
    }

    protected override void OnEnding()
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"requests":{{Channel.RequestsSent}},"answers":{{Channel.ResponsesReceived}},"strayAnswers":{{Channel.StrayResponses}}}""");
        try
        {
            new DescriptorStream(1).Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (ErrnoException)
        {
            // Nobody wants to know.
        }
    }

    private void Send()
    {
        while (_hasNext && Channel.TrySend(_next))
        {
            _hasNext = requests.TryTake(out _next);
        }

        if (!_hasNext && Channel.Unanswered == 0)
        {
            End(0);
        }
    }
}
