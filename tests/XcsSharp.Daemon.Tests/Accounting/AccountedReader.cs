using System.Globalization;

using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Accounting;

/// <summary>One reader of a console on the console socket or at its terminal, which stalls and goes on, and its account.</summary>
internal sealed class AccountedReader : IAsyncDisposable
{
    private readonly ConsoleSocket? _socket;
    private readonly PtyTerminal? _terminal;
    private readonly ManualResetEventSlim _terminalGoesOn = new(initialState: true);
    private volatile TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private AccountedReader(ReaderAccount account, ConsoleSocket socket, bool isViewer, bool follows)
    {
        Account = account;
        Follows = follows;
        _socket = socket;
        IsViewer = isViewer;
        string id = socket.Reply.Split(' ').FirstOrDefault(word => word.StartsWith(OperatorProtocol.ViewerWord, StringComparison.Ordinal)) ?? "";
        ViewerId = id.Length == 0 ? null : ulong.Parse(id[OperatorProtocol.ViewerWord.Length..], CultureInfo.InvariantCulture);
        socket.Read(Accept);
    }

    private AccountedReader(ReaderAccount account, string terminal)
    {
        Account = account;
        _terminal = PtyTerminal.Open(terminal, bytes =>
        {
            Accept(bytes);
            _terminalGoesOn.Wait();
        });
    }

    public ReaderAccount Account { get; }

    /// <summary>Whether it goes on with its domain's next life.</summary>
    public bool Follows { get; }

    public bool IsViewer { get; }

    public ulong? ViewerId { get; }

    /// <summary>The least and the greatest position at which it may have begun.</summary>
    public (long Least, long Greatest) Begins { get; init; }

    public bool IsStalled => _socket?.IsStalled ?? !_terminalGoesOn.IsSet;

    /// <summary>Completes when the daemon has ended it.</summary>
    public Task Ended => _socket?.Ended ?? _terminal!.Ended;

    /// <param name="lab">Where.</param>
    /// <param name="line">The request: an ATTACH of a viewer that does not write, or a LOG.</param>
    /// <param name="account">Begun by the caller.</param>
    /// <param name="begins">Asked when the daemon has answered.</param>
    public static async Task<AccountedReader> AskAsync(
        Lab lab, string line, ReaderAccount account, Func<(long Least, long Greatest)> begins)
    {
        ConsoleSocket socket = await ConsoleSocket.AskAsync(lab.Places.Console, line, Lab.Cancel);
        Assert.StartsWith("OK", socket.Reply, StringComparison.Ordinal);
        return new AccountedReader(
            account,
            socket,
            line.StartsWith(OperatorProtocol.Attach, StringComparison.Ordinal),
            line.Contains(" follow", StringComparison.Ordinal))
        {
            Begins = begins(),
        };
    }

    public static AccountedReader OpenTerminal(string path, ReaderAccount account, (long Least, long Greatest) begins)
        => new(account, path) { Begins = begins };

    public void Stall()
    {
        _socket?.Stall();
        _terminalGoesOn.Reset();
    }

    public void GoOn()
    {
        _socket?.GoOn();
        _terminalGoesOn.Set();
    }

    /// <summary>Waits until it has got, or was told to have missed, all before the position.</summary>
    public Task WaitForAsync(long position) => WaitAsync(account => account.Position >= position, $"byte {position}");

    /// <summary>Waits until the account is as it is to be, and fails when that is wrong.</summary>
    public async Task WaitAsync(Func<ReaderAccount, bool> wanted, string what)
    {
        using CancellationTokenSource late = CancellationTokenSource.CreateLinkedTokenSource(Lab.Cancel);
        late.CancelAfter(Transcript.DefaultDeadline);
        while (Account.Problem is null)
        {
            TaskCompletionSource accepted = _accepted;
            if (wanted(Account))
            {
                return;
            }

            try
            {
                await accepted.Task.WaitAsync(late.Token);
            }
            catch (OperationCanceledException) when (!Lab.Cancel.IsCancellationRequested)
            {
                Assert.Fail($"{Account.Name} waits in vain for {what}: it is at {Account.Position}, stalled {IsStalled}, ended {Ended.IsCompleted}");
            }
        }

        Assert.Fail(Account.Problem);
    }

    /// <summary>It began where it may have begun, and all that it got is what was printed there.</summary>
    public void CheckStart()
    {
        Assert.True(Account.Problem is null, Account.Problem);
        if (Account.Start is long start)
        {
            Assert.True(
                start >= Begins.Least && start <= Begins.Greatest,
                $"{Account.Name} began at {start}, which is not between {Begins.Least} and {Begins.Greatest}");
        }
    }

    /// <summary>It has, or was told to have missed, every byte from its start to this position.</summary>
    public void CheckAt(long end)
    {
        CheckStart();
        if (Account.Start is null)
        {
            // Too little to say where it belongs, as of a guest that printed a word and went.
            Assert.InRange(Account.Delivered + Account.Marked, end - Begins.Greatest, end - Begins.Least);
        }
        else
        {
            Assert.True(Account.Position == end, $"{Account.Name} is at {Account.Position}, the guest at {end}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        GoOn();
        if (_socket is not null)
        {
            await _socket.DisposeAsync();
        }

        _terminal?.Dispose();
    }

    private void Accept(ReadOnlySpan<byte> bytes)
    {
        Account.Accept(bytes);
        TaskCompletionSource accepted = _accepted;
        _accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        accepted.SetResult();
    }
}
