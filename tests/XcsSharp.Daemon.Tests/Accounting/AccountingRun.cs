using System.Diagnostics;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Daemon.Tests.Accounting;

/// <summary>One run of the accounts: four lives of the daemon, four guests, and what its seed makes happen to them.</summary>
internal sealed class AccountingRun : IAsyncDisposable
{
    /// <summary>Small, so that whoever stalls loses something; a viewer's queue and its socket come on top.</summary>
    private static readonly string[] s_settings =
    [
        "--Consoles:HistoryBytes=64 KiB", "--Consoles:BootBytes=8 KiB", "--Consoles:ViewerQueueBytes=16 KiB",
        "--Consoles:LogBytes=256 KiB", "--Consoles:LogFiles=1000",
    ];

    private readonly Lab _lab;
    private readonly Random _random;
    private readonly RingGuests _rings;
    private readonly List<ConsoleAccounts> _consoles = [];
    private HeldThread? _heldDisk;

    private AccountingRun(Lab lab, ulong seed)
    {
        _lab = lab;
        _random = new Random((int)(seed % int.MaxValue));
        _rings = new RingGuests(lab.Machine);
        SeededStream all = new(seed);
        foreach (string name in (string[])["ring1", "ring2", "control1", "control2"])
        {
            bool hasRing = name.StartsWith("ring", StringComparison.Ordinal);
            _consoles.Add(new(lab, new AccountedGuest(lab, hasRing ? _rings : null, name, new LetterText(all.Fork(name)))));
        }
    }

    public static async Task<AccountingRun> StartAsync(ulong seed) => new(await Lab.StartAsync(s_settings), seed);

    public async Task RunAsync()
    {
        long start = Stopwatch.GetTimestamp();
        foreach (ConsoleAccounts console in _consoles)
        {
            await console.Guest.BeginAsync();
            await console.OpenAsync(begins: 0);
        }

        const int Lives = 4;
        for (int life = 1; life <= Lives; life++)
        {
            await LiveAsync();
            if (life < Lives)
            {
                await RestartAsync(kill: life == 2);
            }
        }

        Report(Stopwatch.GetElapsedTime(start));
    }

    public async ValueTask DisposeAsync()
    {
        await LetDiskGoAsync();
        foreach (ConsoleAccounts console in _consoles)
        {
            foreach (AccountedReader reader in console.Readers)
            {
                await reader.DisposeAsync();
            }
        }

        _rings.Dispose();
        foreach (ConsoleAccounts console in _consoles)
        {
            await console.Guest.DisposeAsync();
        }

        await _lab.DisposeAsync();
    }

    /// <summary>One life of the daemon: things happen, then all accounts are settled.</summary>
    private async Task LiveAsync()
    {
        for (int step = _random.Next(60, 150); step > 0; step--)
        {
            await StepAsync(_consoles[_random.Next(_consoles.Count)]);
        }

        await LetDiskGoAsync();
        foreach (ConsoleAccounts console in _consoles)
        {
            await console.SettleAsync();
        }
    }

    private async Task StepAsync(ConsoleAccounts console)
    {
        switch (_random.Next(16))
        {
            case < 7:
                console.Guest.Print(_random.Next(4) == 0 ? _random.Next(1, 200) : _random.Next(1, 200_000));
                break;
            case < 9:
                await console.Guest.PrintedAsync();
                break;
            case < 12:
                AccountedReader reader = console.Readers[_random.Next(console.Readers.Count)];
                (reader.IsStalled ? reader.GoOn : (Action)reader.Stall)();
                break;
            case 12:
                await console.AttachSomewhereAsync(_random);
                break;
            case 13:
                await console.LeaveAsync(_random);
                break;
            case 14 when _random.Next(3) == 0:
                await LetDiskGoAsync();
                await console.RebootAsync();
                break;
            default:
                await HoldDiskAsync();
                break;
        }
    }

    /// <summary>
    /// The daemon ends in the middle of a flood. When it is told to, not a byte is missing between the last of its log and the first of its
    /// successor. When it is killed, the successor brings the log up to date, and its consoles go on, byte for byte.
    /// </summary>
    private async Task RestartAsync(bool kill)
    {
        long silent = _consoles[0].Guest.Produced;
        foreach (ConsoleAccounts console in _consoles)
        {
            console.Guest.Print(_random.Next(50_000, 300_000));
        }

        await _consoles[0].Readers[0].WaitForAsync(silent + 1);
        DomainList last = await _lab.ListAsync();
        await (kill ? _lab.Daemon.Kill9Async(Lab.Cancel) : _lab.Daemon.TerminateAsync(Lab.Cancel));
        foreach (ConsoleAccounts console in _consoles)
        {
            await console.CloseAsync(last, kill);
        }

        await _lab.RestartAsync();
        foreach (ConsoleAccounts console in _consoles)
        {
            await console.Guest.ServedAsync();
            await console.OpenAsync(kill ? console.Begins : null, kill);
            ReaderAccount log = console.Log.Account;
            Assert.True(kill || log.Position == console.Begins, $"{log.Name} ends at {log.Position}, its successor's console begins at {console.Begins}");
        }
    }

    private async Task HoldDiskAsync()
    {
        if (_heldDisk is null && _random.Next(2) == 0)
        {
            // A disk holds a thread in the kernel. One that is stopped in the middle of its own code would hold the collector, and with it the loop:
            // so it is stopped where it waits for work.
            foreach (ConsoleAccounts console in _consoles)
            {
                await console.Guest.PrintedAsync();
            }

            await OperatorQuery.WaitForListAsync(
                _lab.Places.Console,
                list => _consoles.All(console => console.Guest.EntryIn(list) is { } entry
                    && entry.BytesOut == entry.BytesLogged + entry.BytesNotLogged
                    && (long)entry.BytesOut == console.Guest.Produced - console.Begins),
                "all that was printed in the logs",
                Lab.Cancel);
            _heldDisk = await HeldThread.HoldAsync(_lab.Daemon.Pid, "xcsd-logs", Lab.Cancel);
        }
        else
        {
            await LetDiskGoAsync();
        }
    }

    private async Task LetDiskGoAsync()
    {
        if (_heldDisk is not null)
        {
            await _heldDisk.DisposeAsync();
            _heldDisk = null;
        }
    }

    private void Report(TimeSpan took)
    {
        foreach (ConsoleAccounts console in _consoles)
        {
            ReaderAccount log = console.Log.Account;
            Lab.Print($"{console.Guest.Name}: printed {console.Guest.Produced:N0} bytes; {console.Figures.Readers + console.Readers.Count} readers got"
                + $" {console.Figures.Delivered + console.Readers.Sum(static reader => reader.Account.Delivered):N0}, told of gaps of"
                + $" {console.Figures.Marked + console.Readers.Sum(static reader => reader.Account.Marked):N0}; log: {log.Delivered:N0} and {log.Marked:N0}");
        }

        Lab.Print($"{took.TotalSeconds:0.0} s");
    }
}
