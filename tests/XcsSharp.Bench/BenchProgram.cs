using System.Globalization;
using System.Text;

using XcsSharp.TestKit;

namespace XcsSharp.Bench;

/// <summary>One of the programs in tests/bench/native: says that it is ready, then answers each line with a line of words and numbers.</summary>
internal sealed class BenchProgram : IAsyncDisposable
{
    /// <summary>An order may take this long on a busy machine.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);

    private readonly ChildProcess _process;
    private int _read;

    private BenchProgram(ChildProcess process) => _process = process;

    public int Pid => _process.Id;

    /// <summary>Starts it in dom0 of a machine.</summary>
    /// <returns>It, and the words behind its "ready".</returns>
    public static async Task<(BenchProgram Program, string[] Ready)> StartAsync(
        SimMachine machine, string name, IEnumerable<string> arguments, CancellationToken cancel)
    {
        BenchProgram program = new(ChildProcess.Start(
            Executables.Path("bench-" + name), arguments, new() { Name = "bench-" + name, Environment = machine.Environment }));
        try
        {
            string[] words = (await program.ReadLineAsync(cancel)).Split(' ');
            return words[0] == "ready" ? (program, words[1..]) : throw new InvalidDataException($"bench-{name} said '{string.Join(' ', words)}'");
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives an order and waits for what comes of it.</summary>
    public async Task<IReadOnlyDictionary<string, double>> AskAsync(string order, CancellationToken cancel)
    {
        await BeginAsync(order, cancel);
        return await EndAsync(cancel);
    }

    /// <summary>Gives an order.</summary>
    public async Task BeginAsync(string order, CancellationToken cancel)
    {
        await _process.Input.WriteAsync(Encoding.ASCII.GetBytes(order + "\n"), cancel);
        await _process.Input.FlushAsync(cancel);
    }

    /// <summary>Waits for what comes of the order.</summary>
    public async Task<IReadOnlyDictionary<string, double>> EndAsync(CancellationToken cancel)
    {
        string[] words = (await ReadLineAsync(cancel)).Split(' ');
        return Enumerable.Range(0, words.Length / 2).ToDictionary(
            i => words[2 * i], i => double.Parse(words[(2 * i) + 1], CultureInfo.InvariantCulture));
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private async Task<string> ReadLineAsync(CancellationToken cancel)
    {
        Task<int> line = _process.Output.WaitForTextAsync("\n", cancel, _read, s_deadline);
        if (await Task.WhenAny(line, _process.Exited) != line)
        {
            throw new InvalidOperationException($"{_process.Name} has ended: {_process.Error.Text}");
        }

        int end = await line;
        string read = _process.Output.Text[_read..(end - 1)];
        _read = end;
        return read;
    }
}
