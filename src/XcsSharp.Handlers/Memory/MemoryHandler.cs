using XcsSharp.Handlers.Asking;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.Protocol.Payloads;
using XcsSharp.Switching;

namespace XcsSharp.Handlers.Memory;

/// <summary>
/// Asks guests' balloon drivers for a size (CMSG_MEM_REQUEST) and shows the operator the target and the status with which the
/// guest answers. The driver works towards its target after that.
/// </summary>
/// <remarks>
/// The payload is two words of 32 bits in every layout: target in pages, status. Of the status the header says no more than that it is
/// the return code. Linux of 2005 gives 0 always, and before April 2005 1 for a size that it has reached, otherwise 0 or a negative error
/// number (drivers/xen/balloon of Xen's tree); so only a negative one surely means a failure.
/// </remarks>
public sealed class MemoryHandler(HandlerContext context) : AskingHandler(context)
{
    private const PayloadAbi AnyAbi = PayloadAbi.Natural64;

    public override string Name => "memory handler";

    public override void OnOperator(string word, IOperatorExchange exchange)
    {
        int space = exchange.Arguments.LastIndexOf(' ');
        if (space < 0 || !MemorySize.TryParse(exchange.Arguments[(space + 1)..], out uint pages))
        {
            exchange.Refuse(OperatorError.BadArgument, $"behind {word} give a domid or a name, then {MemorySize.Allowed}");
        }
        else if (exchange.FindDomain(exchange.Arguments[..space].TrimEnd(' ')) is { } domain)
        {
            PayloadForm form = DomainPayloads.MemorySet.NewestForm(AnyAbi)!;
            ControlMessage request = DomainPayloads.MemorySet.CreateMessage(AnyAbi, 0, form["target"].Of(pages));
            string instead = $"xl mem-set {domain.Domid} {pages * (ulong)MemorySize.PageBytes / 1024}k";
            Ask(exchange, domain, request, instead, answer => Show(exchange, domain, answer, instead));
        }
    }

    private static void Show(IOperatorExchange exchange, GuestDomain domain, in ControlMessage answer, string instead)
    {
        DecodedPayload payload = DecodedPayload.Decode(answer, AnyAbi);
        if (payload is { Fit: PayloadFit.Whole } && payload["target"] is { } target && payload["status"] is { } status)
        {
            exchange.Accept(domain, $"{target.Number} {unchecked((int)status.Number)}");
        }
        else if (payload.Fit == PayloadFit.Empty)
        {
            exchange.Refuse(
                OperatorError.NotSupported,
                $"{Who(domain)} answers that it knows no memory requests, it has no balloon driver that listens; use: {instead}");
        }
        else
        {
            exchange.Refuse(
                OperatorError.NoAnswer,
                $"{Who(domain)} answers a memory request with {payload.Data.Length} bytes where 8 have a meaning; use: {instead}");
        }
    }
}
