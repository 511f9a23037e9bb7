using XcsSharp.Client;
using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Cli.Dump;

/// <summary>
/// <c>xcsctl dump</c>: records from a session that only listens, or from a capture, through the filter to an output. Ends
/// with its source, its count, a signal, or whoever reads its output.
/// </summary>
internal sealed class DumpCommand(StandardStreams streams)
{
    private const int FlushEvery = 256;

    /// <summary>How long a write that is under way may take when a signal has come.</summary>
    private static readonly TimeSpan s_lastWrite = TimeSpan.FromSeconds(1);

    private long _shown;

    /// <summary>The daemon's xcs socket.</summary>
    public required string XcsSocket { get; init; }

    public required string ConsoleSocket { get; init; }

    public required RecordFilter Filter { get; init; }

    /// <summary>Of live messages; in place of what a capture says, if given.</summary>
    public PayloadAbi? Abi { get; init; }

    /// <summary>Null: no end.</summary>
    public long? Count { get; init; }

    public bool Json { get; init; }

    /// <summary>The capture to write instead of printing: a path, or - for standard output.</summary>
    public string? Capture { get; init; }

    /// <summary>The capture to read instead of listening.</summary>
    public string? Source { get; init; }

    public async Task<int> RunAsync()
    {
        TaskCompletionSource<int> signalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource stop = new();
        using StopSignals signals = new(number => signalled.TrySetResult(number));
        Task<int> dumping = Task.Run(() => Source is null ? FollowAsync(stop.Token) : Task.FromResult(Read(Source, stop.Token)));
        if (await Task.WhenAny(dumping, signalled.Task) == dumping)
        {
            return await dumping;
        }

        // A reader that has stopped (a pager, ^S) must not keep us: what it does not take now is lost.
        stop.Cancel();
        if (await Task.WhenAny(dumping, Task.Delay(s_lastWrite)) == dumping)
        {
            await dumping;
        }

        // ^C is how a dump is meant to end, so it is no failure, as with tcpdump.
        int signal = await signalled.Task;
        return signal == StopSignals.Interrupt ? ExitCode.Ok : ExitCode.Signalled + signal;
    }

    private async Task<int> FollowAsync(CancellationToken cancel)
    {
        try
        {
            await using XcsSession session = await XcsSession.ConnectAsync(XcsSocket, cancel: cancel);
            DaemonStatus? daemon = await TryStatusAsync(cancel);
            DomainNames names = new(ConsoleSocket, Say);
            await PrepareNamesAsync(names, cancel);
            using IRecordOutput output = OpenOutput();
            foreach (ushort type in Filter.Bindings)
            {
                await session.BindAsync(type: type, cancel: cancel);
            }

            Say($"listening on {XcsSocket}; ^C ends");
            if (!await PassAsync(session, names, output, cancel))
            {
                throw await EndOfSessionAsync(daemon, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // A signal.
        }

        Summarize();
        return ExitCode.Ok;
    }

    /// <returns>False when the session has ended; true when enough was shown.</returns>
    private async Task<bool> PassAsync(
        XcsSession session, DomainNames names, IRecordOutput output, CancellationToken cancel)
    {
        XcsRecord[] batch = new XcsRecord[FlushEvery];
        try
        {
            int count;
            while ((count = await session.ReceiveAsync(batch, cancel)) > 0)
            {
                DateTimeOffset now = DateTimeOffset.UtcNow;
                for (int i = 0; i < count; i++)
                {
                    XcsRecord record = batch[i];
                    string name = record.HasMessage
                        ? await names.FindAsync(record.RemoteDomain, record.LocalPort, cancel)
                        : "";
                    if (Show(output, CapturedRecord.Received(record, now, name, Abi ?? PayloadAbi.Natural64)))
                    {
                        return true;
                    }
                }

                output.Flush();
            }
        }
        catch (XcsDisconnectedException)
        {
        }

        return false;
    }

    private int Read(string path, CancellationToken cancel)
    {
        RefuseSameFile(path);
        using CaptureSource source = CaptureSource.Open(path, streams.Input);
        using IRecordOutput output = OpenOutput();
        try
        {
            for (int i = 1; !cancel.IsCancellationRequested && source.TryRead(out CapturedRecord record); i++)
            {
                if (Show(output, Abi is PayloadAbi abi ? record with { Abi = abi } : record))
                {
                    break;
                }

                if (i % FlushEvery == 0)
                {
                    output.Flush();
                }
            }
        }
        finally
        {
            output.Flush();
        }

        if (source.Skipped > 0)
        {
            Say($"{source.Skipped} packets of {path} are no control messages, and were passed over");
        }

        Summarize();
        return ExitCode.Ok;
    }

    /// <returns>True when that was the last one wanted.</returns>
    private bool Show(IRecordOutput output, in CapturedRecord record)
    {
        if (!Filter.Passes(record))
        {
            return false;
        }

        output.Write(record);
        _shown++;
        if (_shown != Count)
        {
            return false;
        }

        output.Flush();
        return true;
    }

    private IRecordOutput OpenOutput() => Capture switch
    {
        null when Json => new JsonOutput(streams.RawOutput),
        null => new TextOutput(streams.RawOutput, TerminalStyle.HasColors(streams.RawOutput)),
        CaptureSource.StandardInput => CaptureOutput.To(streams.RawOutput),
        _ => CaptureOutput.Create(Capture),
    };

    private async Task PrepareNamesAsync(DomainNames names, CancellationToken cancel)
    {
        if (!Filter.NeedsNames)
        {
            return;
        }

        // Without names nothing would ever pass the filter: better to end now.
        await names.AskAsync(cancel);
        foreach (string domain in Filter.Domains.Where(domain => !uint.TryParse(domain, out _) && !names.Has(domain)))
        {
            Say($"there is no domain '{domain}' now, its messages are shown when it comes (see: xcsctl list)");
        }
    }

    /// <summary>What the daemon says of itself; null if the console socket cannot be used.</summary>
    private async Task<DaemonStatus?> TryStatusAsync(CancellationToken cancel)
    {
        try
        {
            return await ConsoleConnection.StatusAsync(ConsoleSocket, cancel);
        }
        catch (XcsException)
        {
            return null;
        }
    }

    private async Task<XcsDisconnectedException> EndOfSessionAsync(DaemonStatus? before, CancellationToken cancel)
    {
        DaemonStatus? now = before is null ? null : await TryStatusAsync(cancel);
        return new XcsDisconnectedException(
            now?.Pid == before?.Pid && now?.SlowSessionsClosed > before?.SlowSessionsClosed
                ? "the daemon has closed the session, because its messages were not read fast enough; write them with"
                    + " --pcap FILE and print them with --read FILE, or ask for fewer with --type"
                : "the daemon has ended; see: systemctl status xcsd, and start the dump again when it runs");
    }

    /// <summary>Opening the new capture would empty the old one before it is read.</summary>
    private void RefuseSameFile(string path)
    {
        if (Capture is not null and not CaptureSource.StandardInput && path != CaptureSource.StandardInput
            && RealPath(path) == RealPath(Capture))
        {
            throw new CaptureFileException($"--pcap {Capture} is the file that --read reads; give another FILE");
        }
    }

    private static string RealPath(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Opening it says what is wrong.
            return Path.GetFullPath(path);
        }
    }

    private void Summarize()
    {
        if (Capture is not null)
        {
            Say($"{_shown} messages written");
        }
    }

    private void Say(string sentence) => streams.Error.WriteLine($"xcsctl: {TextTable.Printable(sentence)}");
}
