using XcsSharp.Consoles;
using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.Terminals;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// A guest's output on its way to a terminal, at both levels that filter. Nothing passes that <see cref="TerminalJudge"/> forbids, and what
/// passes is the same however the output was cut.
/// </summary>
internal sealed class TerminalFilterTarget : IFuzzTarget
{
    private static readonly byte[] s_lastWords = "\nlast words"u8.ToArray();

    private readonly byte[] _whole = new byte[16 * 1024];
    private readonly byte[] _cut = new byte[16 * 1024];
    private readonly byte[] _again = new byte[16 * 1024];

    public int MaxLength => 512;

    public IEnumerable<byte[]> Seeds =>
    [
        "\0\u0003plain \e[1;31mred\e[0m \e[2J\e[H\r\n"u8.ToArray(),
        "\0\u0007\e]0;title\u0007text\eP1$r\e\\ \e[?1049h\e[?1000;25h\e[6n\e[c"u8.ToArray(),
        "\u0001\u0005gr\u00fcn \u6f22\u5b57 \u009b31m\u0085 \e(0lqk\e(B"u8.ToArray(),
        [0, 9, 0xc2, 0x9d, (byte)'0', (byte)';', 0x9c, 0xe2, 0x82, 0xff, 0xf4, 0x90, 0x80, 0x80, 0xed, 0xa0, 0x80],
        [0, 1, 0x1b, (byte)'[', .. Enumerable.Repeat((byte)'1', 80), (byte)'m', (byte)'x'],
    ];

    public IReadOnlyList<byte[]> Words =>
    [
        "\e["u8.ToArray(), "\e]"u8.ToArray(), "\eP"u8.ToArray(), "\e_"u8.ToArray(), "\eX"u8.ToArray(), "\e^"u8.ToArray(), "\e\\"u8.ToArray(), "\e("u8.ToArray(),
        [0x9b], [0xc2, 0x9b], [0xc2, 0x9d], [0xc2, 0x90], [0xe2, 0x82, 0xac], [0xf0, 0x9f, 0x98, 0x80], [0xc2], [0x1b], [0x18], [0x1a], [0x07], [0x7f],
        "?25"u8.ToArray(), "?1000"u8.ToArray(), ";1049"u8.ToArray(), "h"u8.ToArray(), "l"u8.ToArray(), "6n"u8.ToArray(), "!p"u8.ToArray(), " q"u8.ToArray(),
        "3J"u8.ToArray(), "9999b"u8.ToArray(), "2T"u8.ToArray(), ";"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        OutputLevel level = (input.Byte() & 1) == 0 ? OutputLevel.Safe : OutputLevel.Strip;
        int piece = 1 + (input.Byte() % 40);
        ReadOnlySpan<byte> printed = input.Rest;
        TerminalFilter filter = new(level);
        bool passesWhole = filter.PassesWhole(printed);
        Span<byte> whole = Filter(filter, printed, printed.Length + 1, _whole, 0);
        TerminalJudge.Judge(whole, level);
        Expect.That(!passesWhole || printed.SequenceEqual(whole), "text that passes whole is changed");

        Span<byte> cut = FilterInPieces(level, printed, piece);
        Expect.Same(whole, cut, "the output is the same however it was cut");

        Span<byte> again = Filter(new TerminalFilter(level), whole, whole.Length + 1, _again, 0);
        Expect.Same(whole, again, "what has passed passes again");

        Span<byte> last = Filter(filter, s_lastWords, s_lastWords.Length, _again, 0);
        Expect.That(last.EndsWith(s_lastWords), "a line after whatever was cut off is shown");
    }

    public void Dispose()
    {
    }

    private static Span<byte> Filter(TerminalFilter filter, ReadOnlySpan<byte> printed, int piece, byte[] into, int written)
    {
        while (!printed.IsEmpty)
        {
            ReadOnlySpan<byte> next = printed[..Math.Min(piece, printed.Length)];
            printed = printed[next.Length..];
            int count = filter.Filter(next, into.AsSpan(written, TerminalFilter.MostOutput(next.Length)));
            Expect.That(count <= TerminalFilter.MostOutput(next.Length), "more comes out than may");
            written += count;
        }

        return into.AsSpan(0, written);
    }

    /// <summary>In the middle another filter goes on where this one is.</summary>
    private Span<byte> FilterInPieces(OutputLevel level, ReadOnlySpan<byte> printed, int piece)
    {
        TerminalFilter first = new(level);
        int middle = printed.Length / 2;
        int written = Filter(first, printed[..middle], piece, _cut, 0).Length;
        TerminalFilter second = new(level);
        second.CopyFrom(first);
        return Filter(second, printed[middle..], piece, _cut, written);
    }
}
