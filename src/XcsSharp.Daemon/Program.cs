// What the daemon waits for, all of it in one epoll loop on one thread:
//
//  1. The event-channel device: numbers of the ports on which guests, or Xen itself (VIRQs), have signalled.
//     One read takes many; each is unmasked, then its rings are drained.
//  2. Xenstore's watch descriptor: domains that were introduced or released, and the keys under which a guest publishes,
//     replaces or withdraws its control page.
//  3. The xcs sockets (its own path and the one of 2005): new clients, to be taken on as sessions.
//  4. A client's control connection: bind, unbind, open and close a channel, bind a VIRQ.
//  5. A client's data connection: requests to guests and responses to guests' requests.
//  6. The console socket: new viewers, and xcsctl's questions.
//  7. A viewer's connection: what is typed for the guest.
//  8. A console's terminal: what is typed there; a hang-up, after which it is opened again.
//  9. Any of 4 to 8 becoming writable again, while something is queued for it.
// 10. The nearest timer: an unanswered request's deadline, a session's window, the watchdog. None: no timeout.
// 11. The wake-up descriptor: work posted from another thread, which is only ever the order to stop, a SIGHUP, or a write
//     to consoles' logs that is done.
//
// Outside the loop there are the thread that writes the consoles' logs, because a disk can be slow, and the host's own
// threads: signals (SIGTERM, SIGINT, SIGHUP) and the writing of log lines.

using XcsSharp.Daemon;
using XcsSharp.Daemon.Classic;
using XcsSharp.Daemon.Handover;
using XcsSharp.Daemon.Settings;
using XcsSharp.Interop;

DescriptorStream.FillStandardNumbers();
if (args is [Successor.Question, ..])
{
    return Successor.Answer(args);
}

Successor.Remember();
if (XcsCommand.IsMeant(Environment.GetCommandLineArgs()[0], args))
{
    return await XcsCommand.RunAsync(args);
}

try
{
    CommandLine commandLine = CommandLine.Parse(args);
    if (commandLine.Help)
    {
        Console.Out.Write(CommandLine.Usage());
        return ExitCode.Clean;
    }

    if (commandLine.Version)
    {
        Console.Out.WriteLine($"xcsd {DaemonVersion.Text}");
        return ExitCode.Clean;
    }

    return await XcsdHost.RunAsync(SettingsReader.Read(commandLine));
}
catch (StartFailure failure)
{
    await Console.Error.WriteLineAsync($"xcsd: {failure.Message}\nxcsd: {failure.Remedy}");
    return failure.ExitCode;
}
