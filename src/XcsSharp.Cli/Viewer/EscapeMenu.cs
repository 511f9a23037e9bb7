using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>What the menu of the escape key came to.</summary>
internal enum MenuEnd
{
    /// <summary>Back to the console.</summary>
    Back,

    /// <summary>Leave it.</summary>
    Leave,
}

/// <summary>The keys behind the escape key. Runs on the thread that reads the keyboard, and asks the daemon on connections of its own.</summary>
/// <param name="screen">Where it is shown.</param>
/// <param name="escape">The key that opened it.</param>
/// <param name="socket">The daemon's console socket.</param>
/// <param name="console">The console that is attached.</param>
internal sealed class EscapeMenu(OperatorScreen screen, EscapeKey escape, string socket, ConsoleConnection console)
{
    /// <summary>Ctrl and O: what Linux' console driver for Xen (hvc) takes for the magic SysRq key, and what a break on a serial line is elsewhere.</summary>
    internal const byte SysRq = 0x0f;

    /// <summary>A daemon that does not answer must not keep the keyboard.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private bool _isReadOnly;

    public bool IsReadOnly
    {
        init => _isReadOnly = value;
    }

    private string Line => $"[. leave, w who, t take, g give up, r {(_isReadOnly ? "write" : "read-only")}, b break, s sysrq, ? help]";

    /// <summary>Reads keys until one closes the menu.</summary>
    /// <param name="next">The next key; null when there is none any more.</param>
    /// <param name="send">Types for the guest.</param>
    public MenuEnd Run(Func<byte?> next, Action<byte[]> send)
    {
        screen.Open();
        try
        {
            screen.Show(Line);
            while (true)
            {
                byte? key = next();
                if (key is null || escape.Is(key.Value))
                {
                    return MenuEnd.Leave;
                }

                switch ((char)key.Value)
                {
                    case '.' or 'd':
                        return MenuEnd.Leave;
                    case '\r' or '\n' or 'q' or '\x1b':
                        return MenuEnd.Back;
                    case 'w':
                        ShowViewers();
                        return MenuEnd.Back;
                    case 't':
                        Ask("you write now", Take);
                        return MenuEnd.Back;
                    case 'g':
                        Ask("you gave it up", ConsoleConnection.ReleaseSeatAsync);
                        return MenuEnd.Back;
                    case 'r':
                        Ask(_isReadOnly ? "read and write" : "read-only", ToggleReadOnly);
                        return MenuEnd.Back;
                    case 'b':
                        send([SysRq]);
                        screen.Show("[break sent, as ^O; the next key is a SysRq command to a Linux guest that has it on]");
                        return MenuEnd.Back;
                    case 's':
                        SendSysRq(next, send);
                        return MenuEnd.Back;
                    case 'l':
                        send([escape.Code]);
                        return MenuEnd.Back;
                    default:
                        ShowHelp();
                        break;
                }
            }
        }
        finally
        {
            // Here and not later: what the daemon says of a take-over comes with the output.
            screen.Close();
        }
    }

    private void SendSysRq(Func<byte?> next, Action<byte[]> send)
    {
        screen.Show("[sysrq: h help, s sync, b reboot, t tasks, ...; Enter back]");
        if (next() is byte command and > 0x20 and < 0x7f)
        {
            send([SysRq, command]);
            screen.Show($"[sysrq {(char)command} sent]");
        }
    }

    private void ShowHelp()
    {
        if (screen.HasRoomForOneLine)
        {
            screen.Show(Line);
            return;
        }

        foreach (string line in (string[])
            [
                $"[. d {escape}  leave the console; the guest goes on]",
                "[w  who is attached, and who writes]",
                "[t  take: you write, whoever did before]",
                "[g  give it up: whoever waits writes]",
                "[r  read-only, and back]",
                "[b  break: ^O, which Linux' hvc console takes for the SysRq key]",
                "[s  sysrq: ^O and a command]",
                $"[l  type {escape} itself]",
                "[Enter q  back]",
            ])
        {
            screen.Show(line);
        }
    }

    private void ShowViewers()
    {
        try
        {
            ViewerList list = Wait(cancel => ConsoleConnection.WhoAsync(socket, console.Name, cancel));
            if (screen.HasRoomForOneLine)
            {
                screen.Show(ViewerReport.Line(list.Consoles[0]));
                return;
            }

            foreach (string line in ViewerReport.Table(list, DateTimeOffset.UtcNow, console.ViewerId).TrimEnd('\n').Split('\n'))
            {
                screen.Show(line);
            }
        }
        catch (Exception failure) when (failure is XcsException or OperationCanceledException)
        {
            screen.Show($"[{failure.Message}]");
        }
    }

    private Task Take(string path, ulong viewer, CancellationToken cancel)
    {
        return _isReadOnly ? TakeAndWriteAsync() : ConsoleConnection.TakeSeatAsync(path, viewer, cancel);

        async Task TakeAndWriteAsync()
        {
            await ConsoleConnection.SetReadOnlyAsync(path, viewer, isReadOnly: false, cancel);
            _isReadOnly = false;
            await ConsoleConnection.TakeSeatAsync(path, viewer, cancel);
        }
    }

    private async Task ToggleReadOnly(string path, ulong viewer, CancellationToken cancel)
    {
        await ConsoleConnection.SetReadOnlyAsync(path, viewer, !_isReadOnly, cancel);
        _isReadOnly = !_isReadOnly;
    }

    private void Ask(string done, Func<string, ulong, CancellationToken, Task> what)
    {
        try
        {
            _ = Wait(async cancel =>
            {
                await what(socket, console.ViewerId!.Value, cancel);
                return true;
            });
            screen.Show($"[{done}]");
        }
        catch (Exception failure) when (failure is XcsException or OperationCanceledException)
        {
            screen.Show($"[{failure.Message}]");
        }
    }

    private static T Wait<T>(Func<CancellationToken, Task<T>> ask)
    {
        using CancellationTokenSource patience = new(s_patience);
        return ask(patience.Token).GetAwaiter().GetResult();
    }
}
