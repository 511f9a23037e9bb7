using XcsSharp.Guest;
using XcsSharp.Protocol;

namespace XcsSharp.GuestAgent;

/// <summary><c>xcs-guest echo</c>: what is typed at the guest's console comes back as its output.</summary>
internal sealed class EchoAgent(AgentOptions options) : Agent(options)
{
    private readonly byte[] _waiting = new byte[4096]; // as much as the Linux console of 2005 kept
    private int _count;

    public override void OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response)
    {
        if (request.Type == MessageType.Console)
        {
            request.Data.CopyTo(_waiting.AsSpan(_count));
            _count += request.Data.Length;
            if (_waiting.Length - _count < ProtocolLimits.MaxPayload)
            {
                channel.PauseRequests();
            }

            OnRoom(channel);
        }
    }

    public override void OnRoom(GuestChannel channel)
    {
        int sent = 0;
        while (sent < _count)
        {
            int count = Math.Min(_count - sent, ProtocolLimits.MaxPayload);
            if (!channel.TrySend(Options.Type, 0, _waiting.AsSpan(sent, count)))
            {
                break;
            }

            sent += count;
        }

        _waiting.AsSpan(sent, _count - sent).CopyTo(_waiting);
        _count -= sent;
        if (_waiting.Length - _count >= ProtocolLimits.MaxPayload)
        {
            channel.ResumeRequests();
        }
    }

    protected override void OnStart()
    {
    }
}
