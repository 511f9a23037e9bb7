using System.Diagnostics;

namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>What one row of the table works with: clients and guests of a running daemon; they go with it.</summary>
internal sealed class Bench(Lab lab) : IAsyncDisposable
{
    /// <summary>Types of the marks; no other row uses them.</summary>
    private const byte MarkType = 250;

    private static int s_lastName;

    private readonly List<IDisposable> _clients = [];
    private readonly List<RingGuest> _guests = [];
    private RingGuest? _marker;
    private int _markerPort;
    private byte _lastMark;

    public Lab Lab => lab;

    public async Task<Connection> ConnectAsync() => Own(await Connection.OpenAsync(lab));

    public async Task<Client> ClientAsync() => Own(await Client.ConnectAsync(lab));

    /// <summary>A client that is bound to everything.</summary>
    public async Task<Client> BoundClientAsync()
    {
        Client client = await ClientAsync();
        await client.BindAsync();
        return client;
    }

    /// <summary>A domain whose channel nobody has opened.</summary>
    public async Task<RingGuest> GuestAsync(uint? domid = null)
    {
        RingGuest guest = await RingGuest.CreateAsync(lab.Machine, $"c{Interlocked.Increment(ref s_lastName)}", domid);
        _guests.Add(guest);
        return guest;
    }

    /// <summary>A domain with a channel that this client has opened.</summary>
    public async Task<(RingGuest Guest, int Port)> OpenGuestAsync(Client opener, uint? domid = null)
    {
        RingGuest guest = await GuestAsync(domid);
        int port = await opener.OpenAsync(guest.Domid);
        _ = guest.TakeSignal(); // of the binding
        return (guest, port);
    }

    /// <summary>The domain ends.</summary>
    public async Task DestroyAsync(RingGuest guest)
    {
        _guests.Remove(guest);
        await guest.DisposeAsync();
        await WaitForAsync(list => list.Domains.All(domain => domain.Name != guest.Name), $"{guest.Name} to be gone");
    }

    public Task WaitForAsync(Func<Protocol.Operator.DomainList, bool> condition, string wanted)
        => TestKit.OperatorQuery.WaitForListAsync(lab.Places.Console, condition, wanted, Lab.Cancel);

    /// <summary>Waits until the daemon has so many sessions.</summary>
    public async Task WaitForSessionsAsync(int count)
    {
        long start = Stopwatch.GetTimestamp();
        while ((await lab.StatusAsync()).Sessions is int now && now != count)
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TestKit.Transcript.DefaultDeadline, $"{now} sessions instead of {count}");
            await Task.Delay(1, Lab.Cancel);
        }
    }

    /// <summary>Nothing was pushed to these clients that they have not received yet.</summary>
    /// <remarks>
    /// A mark of another guest goes to them, and must be the next that each of them gets; two, because what was sent to the
    /// daemon before the first has been read when the second comes.
    /// </remarks>
    public async Task ExpectNothingAsync(params Client[] clients)
    {
        RingGuest marker = await MarkerAsync();
        foreach (Client client in clients)
        {
            await client.BindAsync(_markerPort, MarkType);
        }

        for (int i = 0; i < 2; i++)
        {
            byte[] mark = Wire.Message(MarkType, ++_lastMark);
            marker.Ask(mark);
            foreach (Client client in clients)
            {
                await client.Data.ExpectPushAsync(Wire.Request, marker.Domid, _markerPort, mark);
            }

            await clients[0].RespondAsync(marker.Domid, mark);
            await marker.WaitForAsync(RingGuest.TxResponses, marker[RingGuest.TxRequests]);
        }
    }

    /// <summary>All that this client has sent on its data connection so far is done.</summary>
    public async Task DataIsDoneAsync(Client client)
    {
        RingGuest marker = await MarkerAsync();
        uint before = marker[RingGuest.RxRequests];
        await client.RequestAsync(marker.Domid, Wire.Message(MarkType + 1, 1));
        await marker.WaitForAsync(RingGuest.RxRequests, before + 1);
    }

    public async ValueTask DisposeAsync()
    {
        // First the guests, to their end: what they asked would be offered to the clients of the next row.
        foreach (RingGuest guest in _guests)
        {
            await guest.DisposeAsync();
        }

        await WaitForAsync(
            list => list.Domains.All(domain => _guests.TrueForAll(guest => guest.Name != domain.Name)), "the guests to be gone");
        _clients.ForEach(static client => client.Dispose());
    }

    private T Own<T>(T client)
        where T : IDisposable
    {
        _clients.Add(client);
        return client;
    }

    private async Task<RingGuest> MarkerAsync()
    {
        if (_marker is null)
        {
            (_marker, _markerPort) = await OpenGuestAsync(await ClientAsync());
        }

        return _marker;
    }
}
