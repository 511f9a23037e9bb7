namespace XcsSharp.Switching.Tests.Model;

/// <content>What can happen: done to the real switch at once, and to the model when the real one has come to rest.</content>
internal sealed partial class RandomSchedule
{
    private void GuestAsks()
    {
        if (AnyGuest() is not { } guest)
        {
            return;
        }

        ModelChannel channel = _model.Channels[guest.Guest.Domid];
        for (int left = _random.Next(1, 4); left > 0 && guest.Guest.Page.Transmit.Room > 0; left--)
        {
            ControlMessage request = NewMessage();
            Note($"domain {channel.Domid} asks {ScheduledClient.Text(request)}");
            Assert.True(guest.Guest.Page.Transmit.TryPutRequest(request));
            channel.UnseenRequests.Enqueue(request);
        }

        if (Happens(80))
        {
            Kick(guest);
        }
    }

    private void GuestAnswers()
    {
        if (AnyGuest() is not { ToAnswer.Count: > 0 } guest)
        {
            return;
        }

        ModelChannel channel = _model.Channels[guest.Guest.Domid];
        for (int left = _random.Next(1, guest.ToAnswer.Count + 1); left > 0; left--)
        {
            ControlMessage request = guest.ToAnswer.Dequeue();
            ControlMessage response = ControlMessage.Create(request.Type, 0, request.Id, BitConverter.GetBytes(_number++));
            Note($"domain {channel.Domid} answers {ScheduledClient.Text(request)} with {ScheduledClient.Text(response)}");
            guest.Guest.Page.Receive.PutResponse(0, response);
            channel.UnseenResponses.Enqueue(response);
        }

        if (Happens(80))
        {
            Kick(guest);
        }
    }

    private void GuestSignals()
    {
        if (AnyGuest() is { } guest)
        {
            Kick(guest);
        }
    }

    private void Kick(ScheduledGuest guest)
    {
        Note($"domain {guest.Guest.Domid} signals");
        guest.Guest.Kick();
        _onModel.Enqueue(() => _model.Kick(guest.Guest.Domid));
    }

    private void ProgramEnds()
    {
        if (AnyGuest() is { } guest)
        {
            Note($"domain {guest.Guest.Domid} starts anew");
            guest.Guest.ReplaceProgram();
            guest.ToAnswer.Clear();
            guest.Guest.Publish();
            _onModel.Enqueue(() => _model.Close(guest.Guest.Domid, guest.Guest.LocalPort));
        }
    }

    private void ProgramIsWithdrawn()
    {
        if (AnyGuest() is { } guest)
        {
            Note($"domain {guest.Guest.Domid} has no program any more");
            guest.Guest.ReplaceProgram();
            guest.ToAnswer.Clear();
            _rig.Switch.OnTransportWithdrawn(guest.Guest.Domid, "its program is gone");
            _onModel.Enqueue(() => _model.Close(guest.Guest.Domid));
        }
    }

    private void DomainDies()
    {
        if (Any(_guests.Values) is { } guest)
        {
            uint domid = guest.Guest.Domid;
            Note($"domain {domid} dies");
            _guests.Remove(domid);
            _rig.Hypervisor.Remove(guest.Guest);
            if (_model.Channels.ContainsKey(domid))
            {
                _onModel.Enqueue(() => _model.Close(domid));
            }
        }
    }

    private void GuestComes()
    {
        uint domid = (uint)_random.Next(1, Domids + 1);
        if (_model.Channels.ContainsKey(domid))
        {
            return;
        }

        if (!_guests.TryGetValue(domid, out ScheduledGuest? guest))
        {
            guest = new ScheduledGuest(_rig.AddDomain(domid));
            _guests.Add(domid, guest);
        }

        guest.Guest.Publish();
        Note($"domain {domid} has port {guest.Guest.LocalPort}");
        _onModel.Enqueue(() => _model.Open(domid, guest.Guest.LocalPort));
    }

    private void ClientResponds()
    {
        if (AnyClientWithData() is not { Received.Count: > 0 } client)
        {
            return;
        }

        int at = Happens(70) ? 0 : _random.Next(client.Received.Count);
        XcsRecord request = client.Received[at];
        if (Happens(90))
        {
            client.Received.RemoveAt(at);
        }

        byte id = Happens(95) ? request.Message.Id : (byte)_random.Next(Ids + 1);
        ControlMessage message = ControlMessage.Create(request.Message.Type, 0, id, BitConverter.GetBytes(_number++));
        Send(client, XcsRecord.ForMessage(RecordType.Response, request.RemoteDomain, _random.Next(), message));
    }

    private void ClientRequests()
    {
        if (AnyClientWithData() is { } client)
        {
            Send(client, XcsRecord.ForMessage(RecordType.Request, (uint)_random.Next(1, Domids + 2), _random.Next(), NewMessage()));
        }
    }

    private void Send(ScheduledClient client, XcsRecord record)
    {
        Note($"session {client.Session.Id:x8} sends {ScheduledClient.Text(record)}");
        client.Data!.Send(record);
        _onModel.Enqueue(() => _model.Send(client.Session, record));
    }

    private void ClientBinds()
    {
        if (Any(_clients.Where(client => client.Control is not null)) is { } client)
        {
            int port = Happens(50) ? ProtocolLimits.PortWildcard : Any(_model.Channels.Values)?.Port ?? 99;
            ushort type = Happens(50) ? ProtocolLimits.TypeWildcard : (ushort)_random.Next(Types);
            Note($"session {client.Session.Id:x8} binds ({port}, {type})");
            Ask(client, Records.Bind(port, type));
            _onModel.Enqueue(() => _model.Bind(client.Session, port, type));
        }
    }

    private void ClientUnbinds()
    {
        if (Any(_clients.Where(client => client.Control is not null && client.Session.Binds.Count > 0)) is { } client)
        {
            (int port, ushort type) = client.Session.Binds.Order().ElementAt(_random.Next(client.Session.Binds.Count));
            Note($"session {client.Session.Id:x8} unbinds ({port}, {type})");
            Ask(client, Records.Unbind(port, type));
            _onModel.Enqueue(() => _model.Unbind(client.Session, port, type));
        }
    }

    private void Ask(ScheduledClient client, XcsRecord record)
    {
        client.Control!.Send(record);
        _rig.Settle();

        // What it is offered may be too much for one that does not read; then there is no reply any more.
        if (client.Control.TryTake(out XcsRecord reply) ? reply.Result != RecordResult.Ok : client.IsReading)
        {
            Fail($"{record.Type} was refused");
        }
    }

    private void DataDrops()
    {
        if (Any(_clients.Where(client => client.Data is not null)) is { } client)
        {
            Note($"session {client.Session.Id:x8} drops its data connection");
            client.Data!.Dispose();
            client.Data = null;
            client.IsReading = true;
            _onModel.Enqueue(() => _model.DataDropped(client.Session));
        }
    }

    private void ControlDrops()
    {
        if (Any(_clients.Where(client => client.Control is not null)) is { } client)
        {
            Note($"session {client.Session.Id:x8} drops its control connection");
            client.Control!.Dispose();
            client.Control = null;
            _onModel.Enqueue(() => _model.ControlDropped(client.Session));
        }
    }

    private void ConnectionComesBack()
    {
        if (Any(_clients.Where(client => client.Control is null || client.Data is null)) is not { } client)
        {
            return;
        }

        bool data = client.Data is null && (client.Control is not null || Happens(50));
        Note($"session {client.Session.Id:x8} attaches {(data ? "data" : "control")}");
        RecordClient connection = _rig.Connect(sendBuffer: 4096);
        uint id = client.Session.Id;
        XcsRecord reply = connection.Ask(data ? Records.ConnectData(id) : Records.ConnectControl(id));
        RecordResult expected = client.Session.IsClosed ? RecordResult.BadSession : RecordResult.Ok;
        if (reply.Result != expected)
        {
            Fail($"session {id:x8} may not attach: {reply.Result} instead of {expected}");
        }

        if (client.Session.IsClosed)
        {
            Forget(client);
        }
        else if (data)
        {
            client.Data = connection;
            _onModel.Enqueue(() => _model.DataAttached(client.Session));
        }
        else
        {
            client.Control = connection;
            _onModel.Enqueue(() => _model.ControlAttached(client.Session));
        }
    }

    private void ClientComes()
    {
        if (_clients.Count < MaxClients)
        {
            RecordClient control = _rig.Connect();
            ModelSession session = new(control.Ask(Records.ConnectControl(0)).ShortSessionId);
            Note($"session {session.Id:x8} begins");
            _onModel.Enqueue(() => _model.Begin(session));
            _clients.Add(new ScheduledClient(_rig, control, session));
        }
    }

    private void ClientStopsReading()
    {
        if (AnyClientWithData() is { } client)
        {
            Note($"session {client.Session.Id:x8} stops reading");
            client.IsReading = false;
        }
    }

    private void ClientReadsAgain()
    {
        if (Any(_clients.Where(client => !client.IsReading)) is { } client && Happens(20))
        {
            Note($"session {client.Session.Id:x8} reads again");
            client.IsReading = true;
        }
    }

    private void TimePasses()
    {
        int seconds = Happens(70) ? 2 : Happens(80) ? 8 : 25;
        Advance(_random.NextInt64(1, seconds * TimeSpan.TicksPerSecond));
    }

    private void Advance(long ticks)
    {
        while (_model.IsBoundary(_model.Now + ticks))
        {
            ticks += 1000;
        }

        Note($"{ticks} ticks pass");
        _rig.Clock.Advance(TimeSpan.FromTicks(ticks));
        _onModel.Enqueue(() => _model.Advance(ticks));
    }

    private void Forget(ScheduledClient client)
    {
        client.Control?.Dispose();
        client.Data?.Dispose();
        _clients.Remove(client);
    }
}
