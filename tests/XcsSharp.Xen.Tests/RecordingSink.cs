using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.Switching;

using Xunit;

namespace XcsSharp.Xen.Tests;

/// <summary>The switch's side: remembers what it was told and owns the transports, as the switch does.</summary>
internal sealed class RecordingSink : IHypervisorSink, IDisposable
{
    public Dictionary<uint, Life> Living { get; } = [];

    public List<Life> Gone { get; } = [];

    /// <summary>Everything that was reported, in order, one short text each.</summary>
    public List<string> Reports { get; } = [];

    /// <summary>Off: a console is kept as it was offered, for a test that starts it later.</summary>
    public bool StartsConsoles { get; set; } = true;

    /// <summary>At its end nothing is taken back of what names the consoles' terminals: another daemon follows.</summary>
    public bool LeavesTerminals { get; set; }

    public void OnDomainAppeared(uint domid, string name, Guid uuid)
    {
        if (Living.TryGetValue(domid, out Life? known))
        {
            Assert.Equal(uuid, known.Uuid);
            known.Name = name;
            Reports.Add($"renamed {domid} {name}");
            return;
        }

        Living.Add(domid, new Life(domid, uuid) { Name = name });
        Reports.Add($"appeared {domid} {name}");
    }

    public void OnDomainGone(uint domid)
    {
        Assert.True(Living.Remove(domid, out Life? life), $"domain {domid} was reported gone and was not there");
        life.CloseAll();
        Gone.Add(life);
        Reports.Add($"gone {domid}");
    }

    public void OnTransportOffered(uint domid, IChannelTransport transport)
    {
        Life life = Living[domid];
        life.Close();
        life.Open(transport);
        Reports.Add($"offered {domid} {transport.Kind}");
    }

    public void OnTransportWithdrawn(uint domid, string reason)
    {
        Life life = Living[domid];
        life.Close();
        life.Withdrawals.Add(reason);
        Reports.Add($"withdrawn {domid}: {reason}");
    }

    public void OnTransportRefused(uint domid, string problem) => Reports.Add($"refused {domid}: {problem}");

    public void OnConsoleOffered(uint domid, IConsoleTransport console)
    {
        Living[domid].Open(console, StartsConsoles);
        Reports.Add($"console offered {domid} {console.Number}");
    }

    public void OnConsoleRefused(uint domid, int number, string? problem)
        => Reports.Add($"console refused {domid} {number}: {problem ?? "no more"}");

    public void OnConsoleWithdrawn(uint domid, int number, string reason)
    {
        Living[domid].CloseConsole(number);
        Reports.Add($"console withdrawn {domid} {number}: {reason}");
    }

    public void Dispose()
    {
        foreach (Life life in Living.Values)
        {
            life.CloseAll(LeavesTerminals);
        }
    }

    /// <summary>One life of a domid, with its channel if it has one: takes every request, answers none.</summary>
    internal sealed class Life(uint domid, Guid uuid) : IPortHandler
    {
        public uint Domid { get; } = domid;

        public Guid Uuid { get; } = uuid;

        public string Name { get; set; } = "";

        public IChannelTransport? Transport { get; private set; }

        public List<string> Withdrawals { get; } = [];

        /// <summary>First payload bytes of the requests that were taken.</summary>
        public List<byte> Taken { get; } = [];

        public int Events { get; private set; }

        /// <summary>Called at each event of the channel, before anything is taken.</summary>
        public Action? WhenEvent { get; set; }

        /// <summary>By number; one that was withdrawn is closed and stays until another takes its place.</summary>
        public Dictionary<int, RecordedConsole> Consoles { get; } = [];

        public RecordedConsole? Console => Consoles.GetValueOrDefault(0);

        public void Open(IConsoleTransport console, bool start)
        {
            CloseConsole(console.Number);
            Consoles[console.Number] = new RecordedConsole(console);
            if (start)
            {
                console.Start(Consoles[console.Number]);
            }
        }

        public void CloseConsole(int number) => Consoles.GetValueOrDefault(number)?.Close();

        /// <summary>What is left is taken first, as the switch does.</summary>
        public void CloseAll(bool leavesTerminals = false)
        {
            Close();
            foreach (RecordedConsole console in Consoles.Values)
            {
                console.Close(leavesTerminals);
            }
        }

        public void Open(IChannelTransport transport)
        {
            Transport = transport;
            transport.Start(this);
        }

        public void Close()
        {
            Transport?.Dispose();
            Transport = null;
        }

        public void OnPortEvent(int port)
        {
            Events++;
            if (WhenEvent is not null)
            {
                WhenEvent();
                return;
            }

            // No Assert.Equal here: it allocates, and a test counts what the path allocates.
            if (port != Transport!.LocalPort)
            {
                Assert.Fail($"port {port} instead of {Transport.LocalPort}");
            }

            Transport.Unmask();
            while (Transport.Page.Transmit.TryTakeRequest(out ControlMessage request) == RingRead.Message)
            {
                Taken.Add(request.Payload[0]);
            }
        }
    }
}
