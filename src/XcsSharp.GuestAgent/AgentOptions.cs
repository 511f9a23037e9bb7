using XcsSharp.Guest;
using XcsSharp.Protocol;

namespace XcsSharp.GuestAgent;

/// <summary>What all commands of xcs-guest have in common.</summary>
/// <param name="Transport">Which control page.</param>
/// <param name="Type">Of the requests that are sent.</param>
/// <param name="Announce">Whether to say <c>ready</c> on standard error when the channel is published.</param>
/// <param name="Manners">What is done when dom0 asks the guest to go, or for a size.</param>
internal sealed record AgentOptions(GuestTransport Transport, MessageType Type, bool Announce, GuestManners Manners);
