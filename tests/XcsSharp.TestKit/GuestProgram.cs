namespace XcsSharp.TestKit;

/// <summary>A guest that runs the real <c>xcs-guest</c>.</summary>
public sealed class GuestProgram : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private GuestProgram(GuestOptions options, ChildProcess process)
    {
        Name = options.Name;
        _process = process;
    }

    public string Name { get; }

    /// <summary>The process that is the guest.</summary>
    public ChildProcess Process => _process;

    /// <summary>What the guest printed; for <c>console</c>, its console's input.</summary>
    public Transcript Output => _process.Output;

    /// <summary>
    /// <c>xcs-guest console</c>: what is written to it goes out on the guest's console, what comes in on the console
    /// goes to the output.
    /// </summary>
    /// <param name="machine">Where it lives.</param>
    /// <param name="guest">Its definition.</param>
    /// <param name="input">Gets the console's input instead of <see cref="Output"/>.</param>
    public static GuestProgram StartConsole(SimMachine machine, GuestOptions guest, BytesReceived? input = null)
        => Start(machine, guest, ["console"], input);

    /// <summary>Any command of <c>xcs-guest</c>.</summary>
    public static GuestProgram Start(
        SimMachine machine, GuestOptions guest, IEnumerable<string> arguments, BytesReceived? output = null)
    {
        List<string> all = [.. arguments];
        if (guest.Classic)
        {
            all.Add("--classic");
        }

        return new GuestProgram(guest, machine.Run(guest, Executables.Guest, all, output));
    }

    /// <summary>Gives the guest bytes; ends when it has taken all but what a pipe holds.</summary>
    /// <exception cref="TimeoutException">The guest does not read: it is stalled.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            // From a thread of the pool, since a pipe has no asynchronous writes: the wait must not depend on it.
            await Task.Run(() => _process.Input.Write(bytes.Span), cancel).WaitAsync(Transcript.DefaultDeadline, cancel);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"guest {Name} takes nothing more: it is stalled");
        }
    }

    public Task WriteAsync(string text, CancellationToken cancel)
        => WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancel);

    public Task Kill9Async(CancellationToken cancel) => _process.Kill9Async(cancel);

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
