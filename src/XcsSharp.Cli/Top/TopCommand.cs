using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;

using XcsSharp.Client;
using XcsSharp.Interop;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli.Top;

/// <summary>
/// <c>xcsctl top</c>: on a terminal a live view, on the alternate screen, so that what was there comes back whatever ends it; otherwise one sample.
/// </summary>
internal sealed class TopCommand(StandardStreams streams)
{
    private const string EnterScreen = "\e[?1049h\e[?25l\e[2J";
    private const string LeaveScreen = "\e[?25h\e[?1049l";

    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TopHistory _history = new();
    private readonly TopView _view = new();

    public required string Socket { get; init; }

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    public bool Once { get; init; }

    public bool Json { get; init; }

    public async Task<int> RunAsync()
    {
        // Before the terminal is touched, so that there is no moment in which a signal could leave it raw.
        using StopSignals signals = new(number => _ended.TrySetResult(ExitCode.Signalled + number));
        if (!await new Progress(streams).WhileAsync(SampleAsync(), () => "waiting for xcsd's answer"))
        {
            return await _ended.Task;
        }

        return Once || Json || !streams.RawOutput.IsTerminal || !streams.Input.IsTerminal || !TerminalStyle.ObeysSequences
            ? await PrintAsync()
            : await ShowAsync();
    }

    private async Task<int> PrintAsync()
    {
        // A rate takes two samples.
        Task pause = Task.Delay(Interval);
        Task first = await new Progress(streams).WhileAsync(Task.WhenAny(pause, _ended.Task), () => "taking samples");
        if (first != pause || !await SampleAsync())
        {
            return await _ended.Task;
        }

        if (Json)
        {
            TopDocument document = new(_history.Daemon!, [.. _view.Select(_history).Select(static guest => new TopGuest(
                guest.Figures.Domid, guest.Figures.Name, guest.Figures.State, guest.Figures.Viewers, Math.Round(guest.Rate, 1),
                guest.Figures.Out, guest.Figures.In, guest.Figures.Dropped, guest.Figures.ThrottledMs))]);
            streams.Output.WriteLine(JsonSerializer.Serialize(document, TopJson.Default.TopDocument));
        }
        else
        {
            streams.Output.Write(new TopScreen(80, hasColors: false, HasBlocks()).DrawAll(_history, _view));
        }

        return ExitCode.Ok;
    }

    private async Task<int> ShowAsync()
    {
        Channel<bool> changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using PosixSignalRegistration resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => changed.Writer.TryWrite(true));
        using RawTerminal? raw = RawTerminal.Enter(0);
        streams.RawOutput.Write(Encoding.ASCII.GetBytes(EnterScreen));
        try
        {
            Thread keys = new(() => ReadKeys(changed.Writer)) { IsBackground = true, Name = "xcsctl-keys" };
            keys.Start();
            Task tick = Task.Delay(Interval);
            Task<bool> change = changed.Reader.WaitToReadAsync().AsTask();
            while (!_ended.Task.IsCompleted)
            {
                Draw();
                Task first = await Task.WhenAny(tick, change, _ended.Task);
                if (first == tick)
                {
                    tick = Task.Delay(Interval);
                    _ = await SampleAsync();
                }
                else if (first == change)
                {
                    _ = changed.Reader.TryRead(out _);
                    change = changed.Reader.WaitToReadAsync().AsTask();
                }
            }

            return await _ended.Task;
        }
        finally
        {
            Leave();
        }
    }

    /// <returns>False when it is over before there was an answer.</returns>
    /// <exception cref="XcsException">The daemon is gone, or does not know this.</exception>
    private async Task<bool> SampleAsync()
    {
        Task<FigureList> asking = ConsoleConnection.FiguresAsync(Socket);
        if (await Task.WhenAny(asking, _ended.Task) == _ended.Task)
        {
            return false;
        }

        lock (_view)
        {
            _history.Add(asking.GetAwaiter().GetResult(), Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency);
        }

        return true;
    }

    private void Draw()
    {
        int columns = streams.RawOutput.Columns is > 0 and int known ? known : 80;
        StringBuilder picture = new();
        lock (_view)
        {
            IReadOnlyList<string> lines = new TopScreen(columns, TerminalStyle.HasColors(streams.RawOutput), HasBlocks()).Draw(_history, _view, Rows());
            for (int i = 0; i < lines.Count; i++)
            {
                picture.Append(System.Globalization.CultureInfo.InvariantCulture, $"\e[{i + 1};1H").Append(lines[i]).Append("\e[K");
            }
        }

        streams.RawOutput.Write(Encoding.UTF8.GetBytes(picture.Append("\e[J").ToString()));
    }

    private int Rows() => streams.RawOutput.Rows is > 0 and int known ? known : 24;

    /// <summary>A thread of its own: reading from a terminal waits.</summary>
    private void ReadKeys(ChannelWriter<bool> changed)
    {
        byte[] buffer = new byte[256];
        try
        {
            while (streams.Input.Read(buffer) is > 0 and int count)
            {
                ReadOnlySpan<byte> input = buffer.AsSpan(0, count);
                while (!input.IsEmpty)
                {
                    TopKey key = TopKeys.Take(ref input, out char letter);
                    lock (_view)
                    {
                        _view.Press(key, letter, Math.Max(1, Rows() - TopScreen.HeadLines));
                    }

                    if (_view.IsOver)
                    {
                        _ended.TrySetResult(key == TopKey.Interrupt ? ExitCode.Signalled + StopSignals.Interrupt : ExitCode.Ok);
                    }
                }

                _ = changed.TryWrite(true);
            }
        }
        catch (ErrnoException)
        {
            // The terminal was hung up.
        }

        _ended.TrySetResult(ExitCode.Ok);
    }

    private void Leave()
    {
        try
        {
            streams.RawOutput.Write(Encoding.ASCII.GetBytes(LeaveScreen));
        }
        catch (ErrnoException)
        {
            // Nobody is there any more.
        }
    }

    /// <summary>As the C library finds the character set, by its names alone.</summary>
    private static bool HasBlocks()
    {
        string? locale = new[] { "LC_ALL", "LC_CTYPE", "LANG" }
            .Select(Environment.GetEnvironmentVariable).FirstOrDefault(static value => !string.IsNullOrEmpty(value));
        return locale?.Replace("-", "", StringComparison.Ordinal).Contains("UTF8", StringComparison.OrdinalIgnoreCase) == true;
    }
}

/// <summary>What <c>top --json</c> prints.</summary>
/// <param name="Daemon">The daemon itself, as <c>status</c> has it.</param>
/// <param name="Guests">The domains, in the order that was asked for.</param>
internal sealed record TopDocument(DaemonStatus Daemon, IReadOnlyList<TopGuest> Guests);

/// <summary>One guest, with all its consoles added up.</summary>
/// <param name="Domid">The domain.</param>
/// <param name="Name">Its name.</param>
/// <param name="State"><c>quarantined</c> if its channel or one of its consoles is, <c>connected</c> if one of them is, otherwise <c>waiting</c>.</param>
/// <param name="Viewers">Who is attached to its consoles.</param>
/// <param name="BytesPerSecond">Output between the last two looks.</param>
/// <param name="BytesOut">Output since the daemon has it.</param>
/// <param name="BytesIn">Input since then.</param>
/// <param name="BytesDropped">Output that a terminal, a viewer or a log has missed.</param>
/// <param name="ThrottledMs">Milliseconds that it was made to wait, because it cost more than it may.</param>
internal sealed record TopGuest(
    uint Domid, string Name, string State, int Viewers, double BytesPerSecond, ulong BytesOut, ulong BytesIn, ulong BytesDropped, ulong ThrottledMs);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TopDocument))]
internal sealed partial class TopJson : JsonSerializerContext;
