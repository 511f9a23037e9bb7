using Microsoft.Extensions.Logging;

namespace XcsSharp.Switching.Tests.Model;

/// <summary>
/// A random schedule of clients, guests and time on a real switch with its real loop and sockets, and the same on the model; after
/// each step everything that anybody got is what the model says.
/// </summary>
internal sealed partial class RandomSchedule : IDisposable
{
    private const int Domids = 5;
    private const int MaxClients = 5;
    private const int Types = 3;
    private const int Ids = 3;
    private const int MaxUnread = 100;

    private readonly ulong _seed;
    private readonly Random _random;
    private readonly SwitchRig _rig;
    private readonly SwitchModel _model;
    private readonly SortedDictionary<uint, ScheduledGuest> _guests = [];
    private readonly List<ScheduledClient> _clients = [];
    private readonly List<string> _history = [];
    private readonly Queue<Action> _onModel = [];
    private readonly (int Weight, Action Act)[] _actions;
    private readonly int _weights;
    private int _logLinesSeen;
    private int _number;

    public RandomSchedule(ulong seed)
    {
        _seed = seed;
        _random = new Random((int)seed);
        _rig = new SwitchRig(options =>
        {
            options.RequestQueue = 4;
            options.SessionQueueBytes = 16 * 1024;
            options.GuestBytesPerSecond = 0;
        });
        _model = new SwitchModel(4, _rig.Options.UnboundGrace, _rig.Options.ResponseTimeout, _rig.Options.SessionWindow);
        _actions =
        [
            (200, GuestAsks), (60, GuestAnswers), (60, GuestSignals), (4, ProgramEnds), (3, ProgramIsWithdrawn), (2, DomainDies),
            (12, GuestComes), (450, ClientResponds), (200, ClientRequests), (14, ClientBinds), (8, ClientUnbinds),
            (4, DataDrops), (3, ControlDrops), (20, ConnectionComesBack), (12, ClientComes), (3, ClientStopsReading),
            (3, ClientReadsAgain), (20, TimePasses),
        ];
        _weights = _actions.Sum(action => action.Weight);
    }

    public int Step { get; private set; }

    public int SlowSessions { get; private set; }

    /// <summary>The longest line of records that waited for one guest.</summary>
    public int LongestWait { get; private set; }

    public ModelCounts Counts => _model.Counts;

    public void Run(int steps)
    {
        for (int end = Step + steps; Step < end; Step++)
        {
            int chosen = _random.Next(_weights);
            int at = 0;
            while ((chosen -= _actions[at].Weight) >= 0)
            {
                at++;
            }

            _actions[at].Act();
            Settle();
            if (Step % 500 == 0)
            {
                CheckCounts();
            }
        }
    }

    /// <summary>Everybody reads, and time passes: nothing is owed any more.</summary>
    public void Finish()
    {
        foreach (ScheduledClient client in _clients)
        {
            client.IsReading = true;
        }

        Settle();
        Advance(_rig.Options.ResponseTimeout.Ticks + TimeSpan.TicksPerSecond);
        Settle();
        CheckCounts();
        foreach (ModelChannel channel in _model.Channels.Values)
        {
            Assert.Empty(channel.Owed);
            Assert.Equal(0, _rig.Channel(_guests[channel.Domid].Guest).Unanswered);
        }
    }

    public void Dispose() => _rig.Dispose();

    private void Note(string text)
    {
        _history.Add($"{Step}: {text}");
        if (_history.Count > 200)
        {
            _history.RemoveRange(0, 100);
        }
    }

    private void Fail(string problem) => Assert.Fail(
        $"XCS_SEED={_seed}, step {Step}: {problem}\n{string.Join('\n', _history.TakeLast(40))}");

    private void Settle()
    {
        _rig.Settle();
        List<ScheduledClient> ended = FindSlowSessions();
        while (_onModel.TryDequeue(out Action? happens))
        {
            happens();
        }

        foreach (ScheduledClient slow in ended)
        {
            if (!slow.Session.IsClosed)
            {
                Fail($"session {slow.Session.Id:x8} was closed as slow too early");
            }

            Forget(slow);
        }

        foreach ((uint domid, ScheduledGuest guest) in _guests)
        {
            if (_model.Channels.TryGetValue(domid, out ModelChannel? channel) && guest.Read(channel) is { } problem)
            {
                Fail(problem);
            }
        }

        foreach (ScheduledClient client in _clients)
        {
            LongestWait = Math.Max(LongestWait, client.Session.Unread.Count);
            if (client.Read() is { } problem)
            {
                Fail(problem);
            }
        }
    }

    private void CheckCounts()
    {
        SwitchCounters real = _rig.Switch.Counters;
        ModelCounts model = _model.Counts;
        string found = $"{real.Requests} {real.Responses} {real.AnsweredByDaemon} {real.AnswersDropped} {real.RequestsSent} "
            + $"{real.ResponsesReceived} {real.MessagesToNobody} {_rig.Listener.SessionCount}";
        string wanted = $"{model.Requests} {model.Responses} {model.AnsweredByDaemon} {model.AnswersDropped} {model.RequestsSent} "
            + $"{model.ResponsesReceived} {model.MessagesToNobody} {_model.Sessions.Count}";
        if (found != wanted)
        {
            Fail($"the counters are {found} instead of {wanted}");
        }
    }

    /// <summary>Sessions that were closed because their clients do not read. The model closes them at the same record.</summary>
    private List<ScheduledClient> FindSlowSessions()
    {
        List<ScheduledClient> found = [];
        List<(LogLevel Level, string Line)> lines = _rig.Log.Lines;
        for (; _logLinesSeen < lines.Count; _logLinesSeen++)
        {
            (LogLevel level, string line) = lines[_logLinesSeen];
            if (level != LogLevel.Warning || SumsUpRestarts(line))
            {
                continue;
            }

            ScheduledClient? slow = _clients.Find(client => line.StartsWith($"Session {client.Session.Id:x8} ", StringComparison.Ordinal));
            if (slow is null or { IsReading: true } or { Data: null })
            {
                Fail($"the daemon says: {line}");
            }

            Note($"session {slow!.Session.Id:x8} is closed as slow");
            SlowSessions++;
            int inSocket = (slow.Data!.TakeAll().Count * ProtocolLimits.RecordSize) + slow.Data.PartialBytes;
            slow.Session.Limit = (inSocket + _rig.Options.SessionQueueBytes) / ProtocolLimits.RecordSize;
            found.Add(slow);
        }

        return found;
    }

    /// <summary>A domain that starts anew more often in a minute than each time has its line. What is put aside is never one of these.</summary>
    private static bool SumsUpRestarts(string line)
        => line.Contains(" more times a channel or console of it came", StringComparison.Ordinal) && !line.Contains("put aside, ", StringComparison.Ordinal);

    private ControlMessage NewMessage()
        => ControlMessage.Create((MessageType)_random.Next(Types), 0, (byte)_random.Next(Ids), BitConverter.GetBytes(_number++));

    private bool Happens(int percent) => _random.Next(100) < percent;

    private T? Any<T>(IEnumerable<T> all)
        where T : class
    {
        T[] these = [.. all];
        return these.Length == 0 ? null : these[_random.Next(these.Length)];
    }

    private ScheduledGuest? AnyGuest() => Any(_guests.Values.Where(guest => _model.Channels.ContainsKey(guest.Guest.Domid)));

    /// <summary>
    /// One that can send. Of those that wait for a guest, only one has more behind: in which order connections come that are read
    /// again in one turn is nobody's promise.
    /// </summary>
    private ScheduledClient? AnyClientWithData()
    {
        ModelSession? behind = _model.Sessions.Find(session => session.Unread.Count > 0);
        return Any(_clients.Where(client => client.Data is not null
            && client.Session.Unread.Count < MaxUnread
            && (client.Session.WaitsFor is null || behind is null || behind == client.Session)));
    }
}
