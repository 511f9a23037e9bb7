using XcsSharp.Handlers.Memory;
using XcsSharp.Handlers.Sample;
using XcsSharp.Handlers.Shutdown;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Handlers;

/// <summary>All handlers that the daemon has besides the console's. A new one is its class, and one entry here.</summary>
public static class HandlerTable
{
    public static IReadOnlyList<HandlerRegistration> All { get; } =
    [
        new(
            "Shutdown", "guests are asked to go by xcsctl shutdown, reboot and suspend",
            [
                (OperatorProtocol.Shutdown, "domid-or-name [wait]"),
                (OperatorProtocol.Reboot, "domid-or-name [wait]"),
                (OperatorProtocol.Suspend, "domid-or-name"),
            ],
            static context => new ShutdownHandler(context)),
        new(
            "Memory", "guests are asked for a size by xcsctl mem-set",
            [(OperatorProtocol.MemorySet, "domid-or-name size")],
            static context => new MemoryHandler(context)),
        new(
            "Sample", "the sample of src/XcsSharp.Handlers: answers guests' messages of type 11, debug",
            [(DebugHandler.CountWord, "domid-or-name")],
            static context => new DebugHandler(context)),
    ];
}
