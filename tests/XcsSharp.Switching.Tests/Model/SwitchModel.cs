namespace XcsSharp.Switching.Tests.Model;

/// <summary>
/// The switch, small: who must receive what and who must answer, as the design says (sections 1 and 4). It knows no sockets, no
/// rings and no loop; one call is one thing that happens, with all that follows from it.
/// </summary>
internal sealed class SwitchModel(int requestQueue, TimeSpan grace, TimeSpan responseTimeout, TimeSpan window)
{
    /// <summary>So many requests without its answer are remembered for one session and channel.</summary>
    private const int DeliveredLimit = 1024;

    private readonly Queue<ModelSession> _readAgain = [];

    public long Now { get; private set; }

    /// <summary>In the order in which they began.</summary>
    public List<ModelSession> Sessions { get; } = [];

    /// <summary>By domid.</summary>
    public Dictionary<uint, ModelChannel> Channels { get; } = [];

    public ModelCounts Counts { get; } = new();

    /// <summary>True when a deadline is so near this time that the rounding of timers decides.</summary>
    public bool IsBoundary(long time)
        => Channels.Values.SelectMany(channel => channel.Owed).Select(owed => owed.Deadline)
            .Concat(Sessions.Select(session => session.WindowEnd ?? 0))
            .Any(due => Math.Abs(due - time) < 100);

    public void Open(uint domid, int port) => Channels[domid] = new ModelChannel(domid, port);

    /// <summary>The guest's program or domain ends. What it said last is still delivered.</summary>
    /// <param name="domid">Whose channel.</param>
    /// <param name="successor">The port of the channel that takes its place, if one does.</param>
    public void Close(uint domid, int? successor = null)
    {
        ModelChannel channel = Channels[domid];
        TakeUnseen(channel);
        Channels.Remove(domid);
        channel.WaitingSessions.Clear();
        foreach (ModelSession session in Sessions.ToArray())
        {
            session.Delivered.Remove(channel);
            Continue(session, channel);
        }

        if (successor is { } port)
        {
            Open(domid, port);
        }

        Settle();
    }

    public void Begin(ModelSession session)
    {
        session.HasControl = true;
        Sessions.Add(session);
    }

    public void ControlDropped(ModelSession session)
    {
        session.HasControl = false;
        WatchWindow(session);
    }

    public void ControlAttached(ModelSession session)
    {
        session.HasControl = true;
        session.WindowEnd = null;
    }

    public void DataDropped(ModelSession session)
    {
        session.HasData = false;
        session.IsAbandoned = session.WaitsFor is not null;
        session.Delivered.Clear();
        session.Expected.Clear();
        session.ExpectedCount = 0;
        ExpectNoAnswerOf(session);
        WatchWindow(session);
        Settle();
    }

    public void DataAttached(ModelSession session)
    {
        session.HasData = true;
        session.IsAbandoned = false;
        session.WindowEnd = null;

        // The client starts over: what found no room on its last connection is not sent any more.
        session.Held.Clear();
        session.Unread.Clear();
        session.WaitsFor = null;
        Settle();
    }

    public void Bind(ModelSession session, int port, ushort type)
    {
        session.Binds.Add((port, type));
        Settle();
    }

    public void Unbind(ModelSession session, int port, ushort type) => session.Binds.Remove((port, type));

    /// <summary>The session is over: its window is, or its client did not read.</summary>
    private void End(ModelSession session)
    {
        session.IsClosed = true;
        session.HasControl = session.HasData = false;
        session.Binds.Clear();
        session.Delivered.Clear();
        session.Held.Clear();
        session.WaitsFor = null;
        Sessions.Remove(session);
        foreach (ModelChannel channel in Channels.Values)
        {
            channel.WaitingSessions.Remove(session);
        }

        ExpectNoAnswerOf(session);
    }

    /// <summary>The guest signals: the daemon takes all that it has put, requests first.</summary>
    public void Kick(uint domid)
    {
        ModelChannel channel = Channels[domid];
        TakeUnseen(channel);
        MoveWaiting(channel);
        Settle();
    }

    /// <summary>A client sends a record on its data connection.</summary>
    public void Send(ModelSession session, in XcsRecord record)
    {
        if (session.WaitsFor is not null)
        {
            session.Unread.Enqueue(record);
            return;
        }

        session.Held.Enqueue(record);
        ForwardHeld(session);
        Settle();
    }

    /// <summary>Time passes: what is due is answered by the daemon, and sessions end.</summary>
    public void Advance(long ticks)
    {
        Now += ticks;
        foreach (ModelChannel channel in Channels.Values)
        {
            foreach (ModelRequest due in channel.Owed.Where(owed => owed.Deadline <= Now).ToArray())
            {
                Counts.AnsweredByDaemon++;
                Answer(channel, due, ControlMessage.EmptyAnswerTo(due.Message));
            }
        }

        foreach (ModelSession session in Sessions.Where(session => session.WindowEnd <= Now).ToArray())
        {
            End(session);
        }

        Settle();
    }

    private void TakeUnseen(ModelChannel channel)
    {
        while (channel.UnseenRequests.TryDequeue(out ControlMessage request))
        {
            Counts.Requests++;
            ModelRequest owed = new(request);
            channel.Owed.Add(owed);
            Offer(channel, owed, grace);
        }

        while (channel.UnseenResponses.TryDequeue(out ControlMessage response))
        {
            Counts.ResponsesReceived++;
            channel.Unanswered--;
            foreach (ModelSession receiver in Receivers(channel, response))
            {
                TryPush(receiver, channel, RecordType.Response, response);
            }
        }
    }

    /// <summary>Gives a request to all who are bound; if nobody is, it waits as long as it may.</summary>
    private void Offer(ModelChannel channel, ModelRequest request, TimeSpan patience)
    {
        request.Holders = Receivers(channel, request.Message);
        request.Deadline = Now + (request.Holders.Count > 0 ? responseTimeout : patience).Ticks;
        foreach (ModelSession holder in request.Holders.ToArray())
        {
            if (!TryPush(holder, channel, RecordType.Request, request.Message))
            {
                continue;
            }

            if (!holder.Delivered.TryGetValue(channel, out List<ModelRequest>? delivered))
            {
                holder.Delivered.Add(channel, delivered = []);
            }

            if (delivered.Count == DeliveredLimit)
            {
                delivered.RemoveAt(0);
            }

            delivered.Add(request);
        }
    }

    private List<ModelSession> Receivers(ModelChannel channel, in ControlMessage message)
    {
        byte type = (byte)message.Type;
        return [.. Sessions.Where(session => session.HasData && session.Matches(channel.Port, type))];
    }

    /// <returns>False when the session is over, perhaps by this.</returns>
    private bool TryPush(ModelSession session, ModelChannel channel, RecordType type, in ControlMessage message)
    {
        if (session.Limit == session.ExpectedCount)
        {
            End(session);
        }

        if (session.IsClosed)
        {
            return false;
        }

        if (!session.Expected.TryGetValue(channel.Domid, out Queue<XcsRecord>? expected))
        {
            session.Expected.Add(channel.Domid, expected = []);
        }

        session.ExpectedCount++;
        expected.Enqueue(XcsRecord.ForMessage(type, channel.Domid, channel.Port, message));
        return true;
    }

    private void ExpectNoAnswerOf(ModelSession session)
    {
        foreach (ModelRequest owed in Channels.Values.SelectMany(channel => channel.Owed))
        {
            if (owed.Holders.Remove(session) && owed.Holders.Count == 0)
            {
                owed.Deadline = Now + grace.Ticks;
            }
        }
    }

    private void WatchWindow(ModelSession session)
    {
        if (!session.HasControl && !session.HasData && session.WindowEnd is null)
        {
            session.WindowEnd = Now + window.Ticks;
        }
    }

    /// <returns>False when it has to wait for a guest.</returns>
    private bool TryForward(ModelSession session, in XcsRecord record)
    {
        if (!Channels.TryGetValue(record.RemoteDomain, out ModelChannel? channel))
        {
            Counts.MessagesToNobody++;
            return true;
        }

        if (record.Type == RecordType.Request)
        {
            return TryRequest(session, channel, record.Message);
        }

        Respond(session, channel, record.Message);
        return true;
    }

    private bool TryRequest(ModelSession session, ModelChannel channel, in ControlMessage request)
    {
        if (channel.Waiting.Count == 0 && channel.Unanswered < ProtocolLimits.RingSlots)
        {
            PutRequest(channel, request);
        }
        else if (channel.Waiting.Count < requestQueue)
        {
            channel.Waiting.Enqueue(request);
        }
        else
        {
            if (!channel.WaitingSessions.Contains(session))
            {
                channel.WaitingSessions.Add(session);
            }

            session.WaitsFor = channel;
            return false;
        }

        return true;
    }

    private void PutRequest(ModelChannel channel, in ControlMessage request)
    {
        Counts.RequestsSent++;
        channel.Unanswered++;
        channel.ExpectedRequests.Enqueue(request);
    }

    /// <summary>An answer belongs to the oldest request like it that this client was given; only the first one of all counts.</summary>
    private void Respond(ModelSession session, ModelChannel channel, in ControlMessage response)
    {
        ControlMessage wanted = response;
        List<ModelRequest>? delivered = session.Delivered.GetValueOrDefault(channel);
        int at = delivered?.FindIndex(given =>
            (given.Message.Type, given.Message.Subtype, given.Message.Id) == (wanted.Type, wanted.Subtype, wanted.Id)) ?? -1;
        if (at < 0)
        {
            Counts.AnswersDropped++;
            return;
        }

        ModelRequest request = delivered![at];
        delivered.RemoveAt(at);
        if (request.IsAnswered || !request.Holders.Contains(session))
        {
            Counts.AnswersDropped++;
            return;
        }

        Answer(channel, request, response);
    }

    private void Answer(ModelChannel channel, ModelRequest request, in ControlMessage response)
    {
        Counts.Responses++;
        request.IsAnswered = true;
        channel.Owed.Remove(request);
        channel.ExpectedAnswers.Enqueue(response);
    }

    private void MoveWaiting(ModelChannel channel)
    {
        while (channel.Waiting.Count > 0 && channel.Unanswered < ProtocolLimits.RingSlots)
        {
            PutRequest(channel, channel.Waiting.Dequeue());
        }

        while (channel.WaitingSessions.Count > 0 && channel.Waiting.Count < requestQueue)
        {
            ModelSession first = channel.WaitingSessions[0];
            channel.WaitingSessions.RemoveAt(0);
            Continue(first, channel);
        }
    }

    private void Continue(ModelSession session, ModelChannel channel)
    {
        if (session.WaitsFor != channel)
        {
            return;
        }

        session.WaitsFor = null;
        ForwardHeld(session);
        if (session.WaitsFor is null)
        {
            // It is read again, but not before what happens now is over.
            _readAgain.Enqueue(session);
        }
    }

    private void ForwardHeld(ModelSession session)
    {
        while (session.Held.TryPeek(out XcsRecord record) && TryForward(session, record))
        {
            session.Held.Dequeue();
        }
    }

    /// <summary>What follows: connections that are read again, and requests that nobody has for whoever is bound by now.</summary>
    private void Settle()
    {
        // Again, because an offer can end a session that does not read, and what that one had is free then.
        while (Channels.Values.Any(OfferUnheld))
        {
        }

        while (_readAgain.TryDequeue(out ModelSession? session))
        {
            while (session.Unread.TryDequeue(out XcsRecord record))
            {
                session.Held.Enqueue(record);
            }

            ForwardHeld(session);
            session.IsAbandoned &= session.WaitsFor is not null;
        }
    }

    /// <returns>True when something was offered.</returns>
    private bool OfferUnheld(ModelChannel channel)
    {
        bool offered = false;
        foreach (ModelRequest owed in channel.Owed)
        {
            if (owed.Holders.Count == 0 && Receivers(channel, owed.Message).Count > 0)
            {
                Offer(channel, owed, grace);
                offered = true;
            }
        }

        return offered;
    }
}
