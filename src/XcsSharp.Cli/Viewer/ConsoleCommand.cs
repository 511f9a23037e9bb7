using System.Net.Sockets;
using System.Text.Json;

using XcsSharp.Client;
using XcsSharp.Interop;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>
/// <c>xcsctl console</c>: the terminal in raw mode and the guest's console joined, until the escape key (on a terminal: its menu), the end of
/// the console, a signal, or the end of whoever reads our output.
/// </summary>
internal sealed class ConsoleCommand(StandardStreams streams)
{
    /// <summary>How long what was typed before leaving may take to reach a guest that does not read.</summary>
    private static readonly TimeSpan s_lastBytes = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource<Ending> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private OperatorScreen? _screen;

    private readonly record struct Ending(int ExitCode, string? Remark = null);

    public required string Socket { get; init; }

    public required string Domain { get; init; }

    public ConsoleReplay Replay { get; init; }

    public ConsoleOutput Output { get; init; } = new();

    public ConsoleMode Mode { get; init; }

    public EscapeKey Escape { get; init; }

    public bool ExitOnEndOfInput { get; init; }

    public bool Json { get; init; }

    public async Task<int> RunAsync()
    {
        // Before the terminal is touched, so that there is no moment in which a signal could leave it raw.
        using StopSignals signals = new(number => End(new Ending(ExitCode.Signalled + number)));
        ConsoleAttachment how = new(Replay, Mode, FramedNotices: RawTerminal.IsTerminal(0)) { Output = Output };
        Task<ConsoleConnection> attaching = ConsoleConnection.AttachAsync(Socket, Domain, how);
        if (await new Progress(streams).WhileAsync(Task.WhenAny(attaching, _ended.Task), () => "waiting for xcsd's answer") == _ended.Task)
        {
            return (await _ended.Task).ExitCode;
        }

        await using ConsoleConnection console = await attaching;
        return await JoinAsync(console);
    }

    private async Task<int> JoinAsync(ConsoleConnection console)
    {
        RawTerminal? terminal = RawTerminal.Enter(0);
        Ending ending;
        try
        {
            Announce(console, terminal is not null);
            if (terminal is null)
            {
                await WarnIfReaderAsync(console);
            }
            else
            {
                _screen = new OperatorScreen(streams, Escape);
            }

            EscapeMenu? menu = _screen is null ? null
                : new EscapeMenu(_screen, Escape, Socket, console) { IsReadOnly = Mode == ConsoleMode.ReadOnly };
            ConsoleInput input = new(streams.Input, console.Stream, Escape, menu is null ? null : menu.Run);
            Task typed = FollowInputAsync(input, console, terminal is not null);
            Task printed = Task.Factory.StartNew(
                () => Print(console.Stream), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            ending = await _ended.Task;
            await Task.WhenAny(input.FlushAsync(), Task.Delay(s_lastBytes));
            GC.KeepAlive(typed);
            GC.KeepAlive(printed);
        }
        finally
        {
            // The terminal first: whether anybody takes what else there is to say is not certain.
            terminal?.Dispose();
            Restore();
        }

        if (terminal is not null && !Json)
        {
            StandardStreams.WriteBriefly(() => streams.Error.WriteLine($"\n{ending.Remark ?? "Left"} {TextTable.Printable(console.Name)}."));
        }

        return ending.ExitCode;
    }

    private void Announce(ConsoleConnection console, bool onTerminal)
    {
        if (Json)
        {
            streams.Error.WriteLine(JsonSerializer.Serialize(
                new AttachedDocument(console.Domid, console.Name), ConsoleJson.Default.AttachedDocument));
        }
        else if (onTerminal)
        {
            string leave = Escape.IsKey ? $" Leave with {Escape} and a dot; {Escape} ? helps." : "";
            streams.Error.Write(
                $"Connected to {TextTable.Printable(console.Name)} (domid {console.Domid}).{leave}\r\n");
        }
    }

    /// <summary>In a pipe nothing may come between the console's bytes, and a script's input must not vanish without a word.</summary>
    private async Task WarnIfReaderAsync(ConsoleConnection console)
    {
        if (console.IsWriter || Mode == ConsoleMode.ReadOnly)
        {
            return;
        }

        string writer = "somebody else";
        try
        {
            ViewerList list = await ConsoleConnection.WhoAsync(Socket, console.Name);
            writer = list.Consoles[0].Viewers.FirstOrDefault(static viewer => viewer.Writer) is { } who
                ? $"{who.User ?? $"uid {who.Uid}"} (pid {who.Pid})"
                : writer;
        }
        catch (XcsException)
        {
            // The connection itself will show what is wrong.
        }

        streams.Error.WriteLine(
            $"xcsctl: read-only: {writer} writes on {TextTable.Printable(console.Name)}; input is dropped until that changes. Take it over with --take, or say --read-only");
    }

    /// <summary>Who has nothing to type (its input is /dev/null) is not to keep others from it.</summary>
    private async Task StandAsideAsync(ConsoleConnection console)
    {
        try
        {
            await ConsoleConnection.SetReadOnlyAsync(Socket, console.ViewerId!.Value, isReadOnly: true);
        }
        catch (XcsException)
        {
            // The daemon ends, or the viewer has: the output shows it.
        }
    }

    private void Restore()
    {
        try
        {
            _screen?.Restore();
        }
        catch (ErrnoException)
        {
            // The terminal is gone.
        }
    }

    private async Task FollowInputAsync(ConsoleInput input, ConsoleConnection console, bool fromTerminal)
    {
        switch (await input.RunAsync())
        {
            case InputEnd.Escape:
                End(new Ending(ExitCode.Ok));
                break;
            case InputEnd.EndOfInput when ExitOnEndOfInput || fromTerminal:
                // A terminal that ends was hung up.
                End(new Ending(ExitCode.Ok));
                break;
            case InputEnd.EndOfInput when !input.HasRead:
                await StandAsideAsync(console);
                break;
            default:
                // In a pipe the output goes on. A connection that takes no more is noticed by its reader.
                break;
        }
    }

    /// <summary>Console to standard output, until one of them ends. Blocks; has a thread of its own.</summary>
    private void Print(NetworkStream console)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = Receive(console, buffer)) > 0)
            {
                if (_screen is { } screen)
                {
                    screen.Print(buffer.AsSpan(0, count));
                }
                else
                {
                    streams.RawOutput.Write(buffer.AsSpan(0, count));
                }
            }

            End(new Ending(ExitCode.Ok, "The daemon has closed the console of"));
        }
        catch (ErrnoException failure) when (failure.Errno is Errno.EPIPE or Errno.EIO)
        {
            // Nobody reads our output any more (head, a pager that was quit, a terminal that was hung up): a normal way to end.
            End(new Ending(ExitCode.Ok));
        }
        catch (ErrnoException failure)
        {
            // A full disk.
            streams.Error.WriteLine($"xcsctl: {failure.Message}");
            End(new Ending(ExitCode.BadFile));
        }
    }

    private static int Receive(NetworkStream console, byte[] buffer)
    {
        try
        {
            return console.Read(buffer);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The daemon was killed, or we have left.
            return 0;
        }
    }

    private void End(Ending ending) => _ended.TrySetResult(ending);
}
