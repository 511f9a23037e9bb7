namespace XcsSharp.Switching.Tests.Model;

/// <summary>A request that holds a slot of a guest's ring.</summary>
internal sealed class ModelRequest(ControlMessage message)
{
    public ControlMessage Message => message;

    /// <summary>Who was given it and may answer; in no order.</summary>
    public List<ModelSession> Holders { get; set; } = [];

    /// <summary>When the daemon answers it, in ticks.</summary>
    public long Deadline { get; set; }

    public bool IsAnswered { get; set; }
}

/// <summary>One control channel, from attach to close: a life of a guest's program.</summary>
internal sealed class ModelChannel(uint domid, int port)
{
    public uint Domid => domid;

    public int Port => port;

    /// <summary>Requests of the guest that are not answered, in ring order.</summary>
    public List<ModelRequest> Owed { get; } = [];

    /// <summary>Requests in the guest's ring that it has not answered.</summary>
    public int Unanswered { get; set; }

    /// <summary>Requests that wait for room in the guest's ring.</summary>
    public Queue<ControlMessage> Waiting { get; } = [];

    /// <summary>Sessions that wait for room among those.</summary>
    public List<ModelSession> WaitingSessions { get; } = [];

    /// <summary>What the guest has put and not signalled.</summary>
    public Queue<ControlMessage> UnseenRequests { get; } = [];

    public Queue<ControlMessage> UnseenResponses { get; } = [];

    /// <summary>What the guest must find next in its rings.</summary>
    public Queue<ControlMessage> ExpectedAnswers { get; } = [];

    public Queue<ControlMessage> ExpectedRequests { get; } = [];
}

/// <summary>A client's session, as the daemon should know it.</summary>
internal sealed class ModelSession(uint id)
{
    public uint Id => id;

    public bool HasControl { get; set; }

    /// <summary>Its data connection is there and takes messages.</summary>
    public bool HasData { get; set; }

    /// <summary>Its client has left, and what it sent last waits for a guest.</summary>
    public bool IsAbandoned { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>When it ends, in ticks, while both of its connections are away.</summary>
    public long? WindowEnd { get; set; }

    public HashSet<(int Port, ushort Type)> Binds { get; } = [];

    /// <summary>What it must receive next, by domain: the order between domains is nobody's promise.</summary>
    public Dictionary<uint, Queue<XcsRecord>> Expected { get; } = [];

    public int ExpectedCount { get; set; }

    /// <summary>
    /// With so many records on their way to it the next one ends it, because its client does not read. Null: not soon. Only the
    /// kernel knows how much its socket holds, so this is found after the fact.
    /// </summary>
    public int? Limit { get; set; }

    /// <summary>What it was given on this connection and has not answered, oldest first.</summary>
    public Dictionary<ModelChannel, List<ModelRequest>> Delivered { get; } = [];

    /// <summary>Records that the daemon has read and that wait for <see cref="WaitsFor"/>.</summary>
    public Queue<XcsRecord> Held { get; } = [];

    /// <summary>Records behind them, unread in the socket.</summary>
    public Queue<XcsRecord> Unread { get; } = [];

    public ModelChannel? WaitsFor { get; set; }

    public bool Matches(int port, ushort type)
        => Binds.Contains((port, type))
            || Binds.Contains((port, ProtocolLimits.TypeWildcard))
            || Binds.Contains((ProtocolLimits.PortWildcard, type))
            || Binds.Contains((ProtocolLimits.PortWildcard, ProtocolLimits.TypeWildcard));
}

/// <summary>What must have been counted.</summary>
internal sealed class ModelCounts
{
    public ulong Requests { get; set; }

    public ulong Responses { get; set; }

    public ulong AnsweredByDaemon { get; set; }

    public ulong AnswersDropped { get; set; }

    public ulong RequestsSent { get; set; }

    public ulong ResponsesReceived { get; set; }

    public ulong MessagesToNobody { get; set; }
}
