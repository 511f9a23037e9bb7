using XcsSharp.TestKit;

namespace XcsSharp.Demo;

/// <summary>One guest of the check with its readers, all of which listen before it speaks.</summary>
internal sealed class CheckedGuest : IAsyncDisposable
{
    private const int Piece = 4096;

    private readonly GuestProgram _program;
    private readonly SeededStream _output;
    private readonly SeededStream _input;
    private readonly int _outputBytes;
    private readonly int _inputBytes;
    private PtyTerminal? _terminal;
    private ConsoleSocket? _attached;

    private CheckedGuest(SimMachine machine, GuestOptions options, SeededStream seed, int outputBytes, int inputBytes)
    {
        Name = options.Name;
        Transport = options.Classic ? "classic" : "granted";
        _output = seed.Fork(options.Name + " out");
        _input = seed.Fork(options.Name + " in");
        _outputBytes = outputBytes;
        _inputBytes = inputBytes;
        Pty = new StreamVerifier($"{Name}: pty", _output, outputBytes);
        Viewer = new StreamVerifier($"{Name}: viewer", _output, outputBytes);
        Subscriber = new StreamVerifier($"{Name}: subscriber", _output, outputBytes);
        Input = new StreamVerifier($"{Name}: input", _input, inputBytes);
        _program = GuestProgram.StartConsole(machine, options, Input.Accept);
    }

    public string Name { get; }

    public string Transport { get; }

    public uint Domid { get; private set; }

    public string TypedThrough { get; private set; } = "";

    public StreamVerifier Pty { get; }

    public StreamVerifier Viewer { get; }

    public StreamVerifier Subscriber { get; }

    /// <summary>What the guest itself reads on its console.</summary>
    public StreamVerifier Input { get; }

    public StreamVerifier[] Verifiers => [Pty, Viewer, Subscriber, Input];

    public static async Task<CheckedGuest> StartAsync(
        XcsdDaemon daemon, GuestOptions options, SeededStream seed, int outputBytes, int inputBytes, CancellationToken cancel)
    {
        CheckedGuest guest = new(daemon.Places.Machine, options, seed, outputBytes, inputBytes);
        try
        {
            guest.Domid = (await OperatorQuery.WaitForConnectedAsync(daemon.Places.Console, guest.Name, cancel)).Domid;
            guest._terminal = PtyTerminal.Open(Path.Combine(daemon.Places.PtyDirectory, guest.Name), guest.Pty.Accept);
            guest._attached = await ConsoleSocket.AttachAsync(
                daemon.Places.Console, $"{guest.Name} all", guest.Viewer.Accept, cancel);
            return guest;
        }
        catch
        {
            await guest.DisposeAsync();
            throw;
        }
    }

    public Task PushOutputAsync(CancellationToken cancel)
        => InPieces(_output, _outputBytes, piece => _program.WriteAsync(piece, cancel));

    public Task TypeOnPtyAsync(CancellationToken cancel)
    {
        TypedThrough = "pty";
        return InPieces(_input, _inputBytes, piece => _terminal!.WriteAsync(piece, cancel));
    }

    public Task TypeInViewerAsync(CancellationToken cancel)
    {
        TypedThrough = "viewer";
        return InPieces(_input, _inputBytes, piece => _attached!.SendAsync(piece, cancel));
    }

    public Task TypeAsSubscriberAsync(RecordSubscriber subscriber, CancellationToken cancel)
    {
        TypedThrough = "subscriber";
        return InPieces(_input, _inputBytes, piece => subscriber.SendInputAsync(Domid, piece, cancel));
    }

    public async ValueTask DisposeAsync()
    {
        _terminal?.Dispose();
        if (_attached is not null)
        {
            await _attached.DisposeAsync();
        }

        await _program.DisposeAsync();
    }

    private static async Task InPieces(SeededStream stream, int length, Func<ReadOnlyMemory<byte>, Task> write)
    {
        for (int done = 0; done < length; done += Piece)
        {
            await write(stream.Take(done, Math.Min(Piece, length - done)));
        }
    }
}
