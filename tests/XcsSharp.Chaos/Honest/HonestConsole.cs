using System.Collections.Concurrent;
using System.Diagnostics;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Chaos.Honest;

/// <summary>A guest that prints now and then on its console ring, and a viewer who reads all of it: not one byte may be missing, and none late.</summary>
internal sealed class HonestConsole : IAsyncDisposable
{
    /// <summary>So long a log waits that could not be written to again and again (ConsoleLogFile): the disk may have been full at the very end.</summary>
    private static readonly TimeSpan s_logsLastRetry = TimeSpan.FromSeconds(30);

    private readonly Bed _bed;
    private readonly Random _random;
    private readonly ChildProcess _domain;
    private readonly RingConsole _kernel;
    private readonly ReaderAccount _account;
    private readonly ConcurrentQueue<(long Position, long Printed)> _underWay = new();
    private ConsoleSocket? _viewer;

    private HonestConsole(Bed bed, Random random, string name, ChildProcess domain, RingConsole kernel)
    {
        _bed = bed;
        _random = random;
        _domain = domain;
        _kernel = kernel;
        Name = name;
        _account = new ReaderAccount(name, kernel.Text, start: 0);
    }

    public string Name { get; }

    public Latencies Latencies { get; } = new();

    public static async Task<HonestConsole> StartAsync(Bed bed, Random random, string name, SeededStream stream, CancellationToken cancel)
    {
        (ChildProcess domain, uint domid) = await bed.Machine.CreateAsync(new GuestOptions(name), console: true, cancel);
        RingConsole kernel = bed.Kernels.Begin(domid, new LetterText(stream.Fork(name)));
        HonestConsole guest = new(bed, random, name, domain, kernel);
        await OperatorQuery.WaitForListAsync(bed.Places.Console, list => guest.EntryIn(list) is { State: "connected" }, name, cancel);
        guest._viewer = await ConsoleSocket.AttachAsync(bed.Places.Console, name, guest.Accept, cancel);

        // The first of its output opens its log.
        await kernel.PrintAsync(LetterText.Unique);
        await OperatorQuery.WaitForListAsync(bed.Places.Console, list => guest.EntryIn(list) is { BytesLogged: > 0 }, $"the log of {name}", cancel);
        return guest;
    }

    /// <summary>Prints until it is told to end.</summary>
    /// <returns>Why it could not go on, and what the daemon says of it then.</returns>
    public async Task<string?> RunAsync(CancellationToken end)
    {
        try
        {
            while (!end.IsCancellationRequested)
            {
                int letters = _random.Next(40) == 0 ? 8000 : _random.Next(1, 400);
                _underWay.Enqueue((_kernel.Produced + letters, Stopwatch.GetTimestamp()));
                await _kernel.PrintAsync(letters).WaitAsync(Transcript.DefaultDeadline, end);
                await Task.Delay(_random.Next(40), end);
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The end.
        }
        catch (TimeoutException)
        {
            return $"{Name} found no room for what it prints for {Transcript.DefaultDeadline.TotalSeconds} s: it is at {_kernel.Produced}, "
                + $"its viewer at {_account.Position}; the daemon: {await ListedAsync()}\nthe last that was done to it:\n{string.Join('\n', _bed.Latest)}";
        }

        return null;
    }

    /// <summary>Its books, when all troubles are over.</summary>
    /// <returns>What is wrong with them.</returns>
    public async Task<string?> CheckAsync(CancellationToken cancel)
    {
        await _kernel.StopAsync();
        long produced = _kernel.Produced;
        try
        {
            DomainList list = await OperatorQuery.WaitForListAsync(
                _bed.Places.Console,
                list => EntryIn(list) is { } entry && _account.Position >= produced && (long)(entry.BytesLogged + entry.BytesNotLogged) == produced,
                $"all of what {Name} printed ({produced} bytes) at its viewer ({_account.Position}) and its log",
                cancel,
                s_logsLastRetry + Transcript.DefaultDeadline);
            return _account.Problem
                ?? ((long)EntryIn(list)!.BytesOut != produced ? $"{Name} printed {produced} bytes, the daemon has counted {EntryIn(list)!.BytesOut}"
                    : _account.Marked > 0 ? $"{Name}: its viewer, who never stalled, missed {_account.Marked} bytes"
                    : _account.Position != produced ? $"{Name}: its viewer is at {_account.Position}, the guest at {produced}"
                    : null);
        }
        catch (TimeoutException late)
        {
            return _account.Problem ?? $"{Name}: {late.Message}; its viewer is at {_account.Position} of {produced}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_viewer is not null)
        {
            await _viewer.DisposeAsync();
        }

        await _domain.DisposeAsync();
        await _bed.Kernels.EndAsync(_kernel);
    }

    public ConsoleEntry? EntryIn(DomainList list)
        => list.Domains.FirstOrDefault(domain => domain.Name == Name)?.Consoles!.FirstOrDefault(console => console.Name == Name);

    private async Task<string> ListedAsync()
    {
        try
        {
            DomainList list = await OperatorQuery.ListAsync(_bed.Places.Console, CancellationToken.None).WaitAsync(Transcript.DefaultDeadline);
            return $"{EntryIn(list)}";
        }
        catch (Exception refusal) when (refusal is InvalidDataException or IOException or TimeoutException or System.Net.Sockets.SocketException)
        {
            return $"does not say ({refusal.Message})";
        }
    }

    private void Accept(ReadOnlySpan<byte> bytes)
    {
        _account.Accept(bytes);
        while (_underWay.TryPeek(out (long Position, long Printed) next) && _account.Position >= next.Position)
        {
            _ = _underWay.TryDequeue(out _);
            Latencies.AddSince(next.Printed);
        }
    }
}
