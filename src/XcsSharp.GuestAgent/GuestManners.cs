using System.Globalization;

using XcsSharp.Guest;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.GuestAgent;

/// <summary>What a guest does when it is asked to shut down.</summary>
internal enum OnShutdown
{
    /// <summary>Acknowledges it and goes on: a kernel that knows no such message.</summary>
    Answer,

    /// <summary>Acknowledges it, and goes when it is to power off or to start anew.</summary>
    Exit,

    /// <summary>Never answers.</summary>
    Ignore,
}

/// <summary>How a guest meets what dom0 asks of its kernel: to go (CMSG_SHUTDOWN), and to have a size (CMSG_MEM_REQUEST).</summary>
/// <param name="Shutdown">When it is asked to go.</param>
/// <param name="Memory">When it is asked for a size: <see cref="Unknown"/>, <see cref="Ignored"/>, or a status as digits.</param>
internal sealed record GuestManners(OnShutdown Shutdown, string Memory)
{
    /// <summary>Answers with nothing: no balloon driver.</summary>
    public const string Unknown = "unknown";

    /// <summary>Never answers.</summary>
    public const string Ignored = "ignore";

    private const PayloadAbi AnyAbi = PayloadAbi.Natural64; // of these payloads all are alike

    public static bool IsMemoryWord(string word)
        => word is Unknown or Ignored || int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    /// <summary>Meets a request, if it is one of these.</summary>
    /// <param name="channel">Where it came from.</param>
    /// <param name="request">Any request of dom0.</param>
    /// <param name="response">Preset to the answer of length 0.</param>
    /// <param name="goes">Called when the guest is to end; the answer is not written yet.</param>
    /// <param name="say">Is told what was asked.</param>
    /// <returns>False: it is for somebody else.</returns>
    public bool TryMeet(
        GuestChannel channel, in ControlMessage request, ref ControlMessage response, Action goes, Action<string> say)
    {
        switch (request.Type)
        {
            case MessageType.Shutdown:
                MeetShutdown(channel, request, goes, say);
                return true;
            case MessageType.MemoryRequest:
                MeetMemory(channel, request, ref response, say);
                return true;
            default:
                return false;
        }
    }

    private void MeetShutdown(GuestChannel channel, in ControlMessage request, Action goes, Action<string> say)
    {
        string name = PayloadCatalog.Find(request.Type, request.Subtype)?.Name
            ?? request.Subtype.ToString(CultureInfo.InvariantCulture);
        say($"asked for {name}");
        if (Shutdown == OnShutdown.Ignore)
        {
            channel.HoldRequest();
        }
        else if (Shutdown == OnShutdown.Exit
            && (request.Subtype == DomainPayloads.PowerOff.Subtype || request.Subtype == DomainPayloads.Reboot.Subtype))
        {
            goes();
        }
    }

    private void MeetMemory(GuestChannel channel, in ControlMessage request, ref ControlMessage response, Action<string> say)
    {
        DecodedPayload asked = DecodedPayload.Decode(request, AnyAbi);
        if (asked is not { Fit: PayloadFit.Whole } || asked["target"] is not { } target)
        {
            return;
        }

        say($"asked for {target.Number} pages");
        if (Memory == Ignored)
        {
            channel.HoldRequest();
        }
        else if (Memory != Unknown)
        {
            PayloadForm form = DomainPayloads.MemorySet.NewestForm(AnyAbi)!;
            response = DomainPayloads.MemorySet.CreateMessage(
                AnyAbi,
                request.Id,
                form["target"].Of(target.Number),
                form["status"].Of(unchecked((uint)int.Parse(Memory, CultureInfo.InvariantCulture))));
        }
    }
}
