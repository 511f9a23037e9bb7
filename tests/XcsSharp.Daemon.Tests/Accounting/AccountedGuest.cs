using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Daemon.Tests.Accounting;

/// <summary>
/// A guest with one console, over its lives: prints one long text, each life where the one before stopped. The console is a ring whose
/// kernel the test is, or a control channel's with the real <c>xcs-guest</c>.
/// </summary>
internal sealed class AccountedGuest(Lab lab, RingGuests? rings, string name, LetterText text) : IAsyncDisposable
{
    private readonly List<Task> _printing = [];
    private ChildProcess? _domain;
    private RingConsole? _ring;
    private GuestProgram? _program;
    private long _given;

    public string Name => name;

    public LetterText Text => text;

    public bool HasRing => rings is not null;

    /// <summary>Where its present life began.</summary>
    public long LifeStart { get; private set; }

    /// <summary>Position behind all that it has printed; of a program also what it is still to print.</summary>
    public long Produced => HasRing ? _ring!.Produced : _given;

    public async Task BeginAsync()
    {
        LifeStart = _ring is null ? _given : _ring.Produced;
        if (rings is null)
        {
            _program = GuestProgram.StartConsole(lab.Machine, new GuestOptions(name));
        }
        else
        {
            (_domain, uint domid) = await lab.Machine.CreateAsync(new GuestOptions(name), console: true, Lab.Cancel);
            _ring = rings.Begin(domid, text, LifeStart);
        }

        await ServedAsync();
    }

    /// <summary>Waits until the daemon of now serves its console.</summary>
    public Task ServedAsync()
        => OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            list => EntryIn(list) is { State: "connected" },
            $"the console of {name}",
            Lab.Cancel);

    /// <summary>Begins to print so much more.</summary>
    public void Print(int letters)
    {
        if (HasRing)
        {
            _printing.Add(_ring!.PrintAsync(letters));
            return;
        }

        Task before = _printing.LastOrDefault() ?? Task.CompletedTask;
        byte[] output = text.Span(_given, letters).ToArray();
        _given += letters;
        _printing.Add(PrintBehindAsync(before, _program!, output));
    }

    public async Task PrintedAsync()
    {
        await Task.WhenAll(_printing).WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        _printing.Clear();
    }

    /// <summary>The domain ends: a kernel in the middle of what it prints, a program after it, since nobody can tell how far one got.</summary>
    public async Task EndAsync()
    {
        if (HasRing)
        {
            await _ring!.StopAsync();
            await _domain!.Kill9Async(Lab.Cancel);
            await _domain.DisposeAsync();
            await rings!.EndAsync(_ring);
            await PrintedAsync();
        }
        else
        {
            await _program!.Kill9Async(Lab.Cancel);
            await _program.DisposeAsync();
        }

        await OperatorQuery.WaitForListAsync(
            lab.Places.Console, list => list.Domains.All(domain => domain.Name != name), $"the end of {name}", Lab.Cancel);
    }

    public async Task<ConsoleEntry> EntryAsync() => EntryIn(await lab.ListAsync())!;

    public ConsoleEntry? EntryIn(DomainList list)
        => list.Domains.FirstOrDefault(domain => domain.Name == name)?.Consoles!.FirstOrDefault(console => console.Name == name);

    public async ValueTask DisposeAsync()
    {
        if (_program is not null)
        {
            await _program.DisposeAsync();
        }

        if (_domain is not null)
        {
            await _domain.DisposeAsync();
        }
    }

    private static async Task PrintBehindAsync(Task before, GuestProgram program, byte[] output)
    {
        await before;
        await program.WriteAsync(output, Lab.Cancel);
    }
}
