using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Consoles;
using XcsSharp.Daemon.Handover;
using XcsSharp.Reactor;

namespace XcsSharp.Daemon;

/// <content>What comes from the daemon before, and goes to the one that follows.</content>
internal sealed partial class XcsdRuntime
{
    private volatile Follower _follower;
    private SafeFileHandle? _asker;
    private bool _hasFailed;
    private DescriptorStore? _store;
    private KeptTerminals? _terminals;
    private HandoverReader? _handed;
    private HandedConsoles? _handedConsoles;

    /// <summary>Ends it, and leaves what outlives it to whoever follows.</summary>
    /// <returns>What stays open of it in this process; nothing unless another program takes this one's place.</returns>
    public HandedDescriptors HandOver()
    {
        HandedDescriptors handed = new();
        if (_follower != Follower.None)
        {
            _terminals!.Leave(onlyStored: _follower == Follower.ServiceManagers);
            _log!.HandingOver(_terminals.Stored);
        }

        if (_follower == Follower.Successor)
        {
            handed.AddRange(_sockets!.Detach());
            handed.Add(Upgrade.AskerName, _asker!);
        }

        if (_follower == Follower.Successor || (_follower == Follower.ServiceManagers && _store is not null && !_hasFailed))
        {
            try
            {
                LeaveConsoles(handed);
            }
            catch (IOException failure)
            {
                // No memory for the state: terminals need none.
                handed.Consoles = null;
                _consoles!.KeepSpool();
                _log!.NotAllStored(failure.Message);
            }
        }

        if (_hasFailed)
        {
            _consoles?.KeepSpool();
        }

        Dispose();
        handed.AddRange(_terminals!.Left.Select(left => new HandedDescriptor(left.Key, left.Value, _terminals.StoredNames.Contains(left.Key))));
        if (_follower != Follower.Successor)
        {
            handed.Dispose();
        }

        return handed;
    }

    /// <summary>Histories and viewers, to a program in this process or by way of the service manager.</summary>
    private void LeaveConsoles(HandedDescriptors handed)
    {
        bool isStored = _follower == Follower.ServiceManagers;
        HandoverWriter writer = new(isStored ? _store!.RoomBeside(_terminals!.Stored) : int.MaxValue);
        ConsolesState left = _consoles!.Leave(writer);
        List<string> wrong = [];
        HandoverState state = new HandoverState(DaemonVersion.Text, [], writer.Length, left).Sound(wrong);
        if (wrong.Count > 0)
        {
            _log!.NotAllHandedOver(Successor.Summary(wrong));
            _consoles.KeepSpool(state.Consoles);
        }

        handed.Consoles = state.Consoles;
        handed.Bytes = state.Bytes;
        handed.AddRange(writer.Left);
        if (writer.Refused > 0)
        {
            _log!.ViewersLeftBehind(writer.Refused);
        }

        if (isStored)
        {
            SafeFileHandle document = OpenDescriptors.MakeMemoryFile("xcsd-state");
            RandomAccess.Write(document, state.Write(), 0);
            handed.Add(HandedDescriptors.StateName, document);
            foreach (HandedDescriptor descriptor in handed.All)
            {
                _store!.Keep(descriptor.Name, [descriptor.Handle]);
            }
        }
    }

    /// <summary>What the daemon before has left with the service manager.</summary>
    private void TakeOver(HandedDescriptors handed, ILoggerFactory loggers)
    {
        ILogger log = loggers.CreateLogger("xcsd");
        _store = DescriptorStore.Open(_loop, log);
        IReadOnlyList<HandedDescriptor> found = handed.Take(static name => name.StartsWith(KeptTerminals.Prefix, StringComparison.Ordinal));
        _terminals = new KeptTerminals(
            _store,
            found.Select(static one => KeyValuePair.Create(one.Name, one.Handle)),
            found.Where(static one => one.IsStored).Select(static one => one.Name).ToHashSet(StringComparer.Ordinal),
            loggers.CreateLogger<ConsoleHandler>());
        if (handed.TakeOne(HandedDescriptors.StateName) is { } document)
        {
            _ = Successor.TryReadInto(handed, document, log);
        }

        _handed = new HandoverReader(
            handed.TakeOne(HandedDescriptors.BytesName),
            Spend(handed.Take(static name => name.StartsWith(HandedConsoles.ViewerPrefix, StringComparison.Ordinal))));
        foreach (HandedDescriptor unknown in Spend(handed.Take(static name => name.StartsWith(HandedDescriptors.Prefix, StringComparison.Ordinal))))
        {
            unknown.Handle.Dispose();
        }

        _store?.Forget(HandedDescriptors.StateName);
        _store?.Forget(HandedDescriptors.BytesName);
        if (handed.Consoles is { } consoles)
        {
            // Once more: the file may be shorter than the document says.
            List<string> wrong = [];
            _handedConsoles = new HandedConsoles(consoles.Sift(_handed.Length, wrong), _handed);
            if (wrong.Count > 0)
            {
                log.StatePartlyUnreadable(Successor.Summary(wrong));
            }
        }
    }

    /// <summary>The service manager's copies are of no more use: connections must end when we end them.</summary>
    private IReadOnlyList<HandedDescriptor> Spend(IReadOnlyList<HandedDescriptor> taken)
    {
        foreach (HandedDescriptor descriptor in taken.Where(static descriptor => descriptor.IsStored))
        {
            _store?.Forget(descriptor.Name);
        }

        return taken;
    }

    private void BeginUpgrade(SafeFileHandle asker)
    {
        _asker = asker;
        _follower = Follower.Successor;
        _loop.Stop();
    }
}
