using System.Text;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>Takes the consoles' output: keeps what it gets, by domid and number, and what else it is told, in words.</summary>
internal sealed class RecordingConsoles : IConsoleSubscriber
{
    private readonly Dictionary<(uint, int), List<byte>> _output = [];

    public string Name => "recorder";

    /// <summary>What was opened, closed and had room, in order.</summary>
    public List<string> News { get; } = [];

    /// <summary>Called in the place of keeping the output.</summary>
    public Action<ConsoleStream, int>? WhenOutput { get; set; }

    public Action<ConsoleStream>? WhenRoom { get; set; }

    public byte[] Bytes(uint domid, int number = 0) => [.. _output.GetValueOrDefault((domid, number)) ?? []];

    public string Text(uint domid, int number = 0) => Encoding.ASCII.GetString(Bytes(domid, number));

    public void OnConsoleOpened(ConsoleStream stream) => News.Add($"opened {stream.Domain.Domid}#{stream.Number}");

    public void OnConsoleClosed(ConsoleStream stream, string reason)
        => News.Add($"closed {stream.Domain.Domid}#{stream.Number}: {reason}");

    public void OnConsoleOutput(ConsoleStream stream, ReadOnlySpan<byte> output)
    {
        if (WhenOutput is { } told)
        {
            told(stream, output.Length);
            return;
        }

        (uint, int) key = (stream.Domain.Domid, stream.Number);
        if (!_output.TryGetValue(key, out List<byte>? bytes))
        {
            _output.Add(key, bytes = []);
        }

        bytes.AddRange(output);
    }

    public void OnConsoleRoom(ConsoleStream stream) => WhenRoom?.Invoke(stream);
}
