using static XcsSharp.Daemon.Tests.Conformance.Row;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>Section 3: who gets what, and virtual interrupts.</summary>
internal static class BindingRows
{
    private const byte Type = 3;

    public static IEnumerable<Row> All =>
    [
        Same("3", "BIND (p, t) gives a message of port p and type t", bench => Level(bench, port => (port, Type), true)),
        Same("3", "BIND (p, *) gives it", bench => Level(bench, port => (port, Wire.AnyType), true)),
        Same("3", "BIND (*, t) gives it", bench => Level(bench, _ => (Wire.AnyPort, Type), true)),
        Same("3", "BIND (*, *) gives it", bench => Level(bench, _ => (Wire.AnyPort, Wire.AnyType), true)),
        Same("3", "BIND (p, another type) does not give it", bench => Level(bench, port => (port, Type + 1), false)),
        Same("3", "BIND (another port, t) does not give it", bench => Level(bench, port => (port + 1, Type), false)),
        Same("3", "BIND (*, another type) does not give it", bench => Level(bench, _ => (Wire.AnyPort, Type + 1), false)),
        Same("3", "BIND (p, TYPE_VIRQ) does not give it", bench => Level(bench, port => (port, Wire.TypeVirq), false)),
        Differs("3", "a client that is bound at all four levels gets one copy", "B18", One_copy),
        Same("3", "two clients on one key: both OK, both get every message", Two_clients),
        Same("3", "the same key twice by one client: OK, one copy, and one UNBIND ends it", Same_key_twice),
        Same("3", "UNBIND needs the exact key", Unbind_is_exact),
        Same("3", "UNBIND of nothing is OK", Unbind_nothing),
        Same("3", "UNBIND ends the messages", Unbind_ends),
        Differs("3", "keys that shared a bucket are apart", "B16", No_buckets),
        Same("3", "a response of the guest goes to who is bound to it, not to who has asked", Responses_are_routed),
        Same("3", "VIRQ_BIND: the reply has the port at 8; a second client gets the same one", Virq_port),
        Same("3", "VIRQ_BIND of what does not exist: 1", Virq_unknown),
        Same("3", "a virtual interrupt goes to (port, TYPE_VIRQ)", bench => VirqLevel(bench, port => (port, Wire.TypeVirq), true)),
        Same("3", "a virtual interrupt goes to (port, *)", bench => VirqLevel(bench, port => (port, Wire.AnyType), true)),
        Same("3", "a virtual interrupt goes to (*, TYPE_VIRQ)", bench => VirqLevel(bench, _ => (Wire.AnyPort, Wire.TypeVirq), true)),
        Same("3", "a virtual interrupt goes to (*, *)", bench => VirqLevel(bench, _ => (Wire.AnyPort, Wire.AnyType), true)),
        Same("3", "a virtual interrupt does not go to who is bound to a type of that port", bench => VirqLevel(bench, port => (port, Type), false)),
        Same("3", "a virtual interrupt does not go to who has not bound it", bench => VirqLevel(bench, port => (port + 1, Wire.TypeVirq), false)),
        Same("3", "a virtual interrupt needs no acknowledgement: the next one comes too", Virq_again),
        Differs("3", "a virtual interrupt is given back with the last session that asked for it", "B19", Virq_is_released, "--Switching:SessionWindow=0s"),
    ];

    private static async Task Level(Bench bench, Func<int, (int Port, int Type)> key, bool gets)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        (int bound, int type) = key(port);
        await client.BindAsync(bound, (ushort)type);
        guest.Ask(Wire.Message(Type, 1));
        if (gets)
        {
            await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(Type, 1));
        }

        await bench.ExpectNothingAsync(client);
    }

    private static async Task One_copy(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.BindAsync(port, Type);
        await client.BindAsync(port);
        await client.BindAsync(type: Type);
        guest.Ask(Wire.Message(Type, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(Type, 1));
        await bench.ExpectNothingAsync(client);
    }

    private static async Task Two_clients(Bench bench)
    {
        Client first = await bench.ClientAsync();
        Client second = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(first);
        await first.BindAsync(port, Type);
        await second.BindAsync(port, Type);
        for (byte id = 0; id < 20; id++)
        {
            byte[] message = Wire.Message(Type, id);
            guest.Ask(message);
            await first.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, message);
            await second.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, message);
            await (id % 2 == 0 ? first : second).RespondAsync(guest.Domid, message);
            await guest.AnswerAsync(id + 1u);
        }
    }

    private static async Task Same_key_twice(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.BindAsync(port, Type);
        await client.BindAsync(port, Type);
        guest.Ask(Wire.Message(Type, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(Type, 1));
        await client.UnbindAsync(port, Type);
        guest.Ask(Wire.Message(Type, 2));
        await bench.ExpectNothingAsync(client);
    }

    private static async Task Unbind_is_exact(Bench bench)
    {
        Client client = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        await client.BindAsync(port, Type);
        await client.UnbindAsync(Wire.AnyPort, Wire.AnyType);
        await client.UnbindAsync(port, Wire.AnyType);
        await client.UnbindAsync(Wire.AnyPort, Type);
        guest.Ask(Wire.Message(Type, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(Type, 1));
    }

    private static async Task Unbind_nothing(Bench bench) => await (await bench.ClientAsync()).UnbindAsync(99, 9);

    private static async Task Unbind_ends(Bench bench)
    {
        Client client = await bench.BoundClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(client);
        guest.Ask(Wire.Message(Type, 1));
        await client.Data.ExpectPushAsync(Wire.Request, guest.Domid, port, Wire.Message(Type, 1));
        await client.UnbindAsync(Wire.AnyPort, Wire.AnyType);
        guest.Ask(Wire.Message(Type, 2));
        await bench.ExpectNothingAsync(client);
    }

    private static async Task No_buckets(Bench bench)
    {
        // ((port * 11) ^ type) mod 1024: (p, 0) and (p', t) of these two ports were one.
        Client client = await bench.ClientAsync();
        (RingGuest first, int one) = await bench.OpenGuestAsync(client);
        (RingGuest second, int two) = await bench.OpenGuestAsync(client);
        ushort type = (ushort)(((one * 11) ^ 1 ^ (two * 11)) & 1023);
        Assert.InRange(type, 1, 255);
        await client.BindAsync(one, 1);
        await client.BindAsync(two, type);
        second.Ask(Wire.Message((byte)type, 1));
        await client.Data.ExpectPushAsync(Wire.Request, second.Domid, two, Wire.Message((byte)type, 1));
        await client.UnbindAsync(two, type);
        first.Ask(Wire.Message(1, 2));
        await client.Data.ExpectPushAsync(Wire.Request, first.Domid, one, Wire.Message(1, 2));
    }

    private static async Task Responses_are_routed(Bench bench)
    {
        Client asks = await bench.ClientAsync();
        Client listens = await bench.ClientAsync();
        (RingGuest guest, int port) = await bench.OpenGuestAsync(asks);
        await listens.BindAsync(port, 6);
        await asks.RequestAsync(guest.Domid, Wire.Message(6, 1));
        await guest.RequestAsync(1);
        guest.Answer(Wire.Message(6, 1));
        await listens.Data.ExpectPushAsync(Wire.Response, guest.Domid, port, Wire.Message(6, 1));
        await bench.ExpectNothingAsync(asks, listens);
    }

    private static async Task Virq_port(Bench bench)
    {
        Client first = await bench.ClientAsync();
        Client second = await bench.ClientAsync();
        int port = await first.BindVirqAsync(3);
        Assert.Equal(port, await second.BindVirqAsync(3));
        Assert.Equal(port, await first.BindVirqAsync(3));
        Assert.NotEqual(port, await second.BindVirqAsync(4));
        await first.BindAsync(port, Wire.TypeVirq);
        await second.BindAsync(port, Wire.TypeVirq);
        await RaiseAsync(bench, 3);
        await first.Data.ExpectVirqAsync(port);
        await second.Data.ExpectVirqAsync(port);
    }

    private static async Task Virq_unknown(Bench bench)
    {
        Client client = await bench.ClientAsync();
        await client.Control.ExpectAsync(Wire.BindVirq(24), Wire.Failed);
        await client.Control.ExpectAsync(Wire.BindVirq(0xffff), Wire.Failed);
    }

    private static async Task VirqLevel(Bench bench, Func<int, (int Port, int Type)> key, bool gets)
    {
        Client asks = await bench.ClientAsync();
        Client client = await bench.ClientAsync();
        int port = await asks.BindVirqAsync(5);
        await asks.BindAsync(port, Wire.TypeVirq);
        (int bound, int type) = key(port);
        await client.BindAsync(bound, (ushort)type);
        await RaiseAsync(bench, 5);
        await asks.Data.ExpectVirqAsync(port);
        if (gets)
        {
            await client.Data.ExpectVirqAsync(port);
        }

        await bench.ExpectNothingAsync(client, asks);
    }

    private static async Task Virq_again(Bench bench)
    {
        Client client = await bench.ClientAsync();
        int port = await client.BindVirqAsync(6);
        await client.BindAsync(port, Wire.TypeVirq);
        for (int i = 0; i < 5; i++)
        {
            await RaiseAsync(bench, 6);
            await client.Data.ExpectVirqAsync(port);
        }
    }

    private static async Task Virq_is_released(Bench bench)
    {
        Client first = await bench.ClientAsync();
        Client second = await bench.ClientAsync();
        await first.BindVirqAsync(6);
        await second.BindVirqAsync(6);
        first.Dispose();
        await bench.WaitForSessionsAsync(1);
        await RaiseAsync(bench, 6);
        second.Dispose();
        await bench.WaitForSessionsAsync(0);

        // Xen has nobody any more to raise it for.
        Assert.NotEqual(0, (await bench.Lab.Machine.CommandAsync(Lab.Cancel, "virq", "6")).ExitCode);
    }

    private static async Task RaiseAsync(Bench bench, int virq)
    {
        TestKit.ChildResult raised = await bench.Lab.Machine.CommandAsync(Lab.Cancel, "virq", $"{virq}");
        Assert.True(raised.ExitCode == 0, raised.Error);
    }
}
