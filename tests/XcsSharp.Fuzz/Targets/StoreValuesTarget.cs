using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

using XcsSharp.Consoles;
using XcsSharp.Fuzz.Engine;
using XcsSharp.Rings;
using XcsSharp.TestKit;
using XcsSharp.Xen;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// Values of xenstore as a guest writes them: numbers, names, and what it says of its page beside what is in the page. A second
/// reading of each, by other means, must say the same.
/// </summary>
internal sealed partial class StoreValuesTarget : IFuzzTarget
{
    private readonly AnonymousPage _page = new();

    public int MaxLength => 200;

    public IEnumerable<byte[]> Seeds =>
    [
        [0, 0, 0, 0, 0, .. "1234"u8], [1, 0, 0, 0, 0, .. "18446744073709551615"u8], [2, 0, 0, 0, 0, .. "web-1"u8], [3, 7, 0, 0, 0, .. "../../etc/passwd"u8],
        [0, 0, 0, 0, 0, .. "00"u8], [0, 0, 0, 0, 0, .. "12\0"u8], [4, 0x58, 0x43, 0x53, 0x47, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0],
    ];

    public IReadOnlyList<byte[]> Words =>
        ["0"u8.ToArray(), "131071"u8.ToArray(), "4294967296"u8.ToArray(), "18446744073709551616"u8.ToArray(), "-1"u8.ToArray(), "+1"u8.ToArray(), " 1"u8.ToArray(), "1\0"u8.ToArray(), "\u0661"u8.ToArray(), [0xff], ".."u8.ToArray(), "/"u8.ToArray(), "#"u8.ToArray(), "\e["u8.ToArray()];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        byte what = input.Byte();
        if (what % 5 == 4)
        {
            JudgePage(input.Rest);
            return;
        }

        uint domid = input.U32();

        // As the wrapper of the library makes text of it.
        string text = Encoding.UTF8.GetString(input.Rest);
        JudgeNumber(text, what % 3);
        JudgeName(text, domid);
        string shown = GuestText.Shown(text);
        Expect.That(shown.Length <= 43 && shown.All(static c => c is >= ' ' and <= '~'), "what is shown is short and printable");
    }

    public void Dispose() => _page.Dispose();

    private static void JudgeNumber(string text, int range)
    {
        (ulong least, ulong most) = range switch { 0 => (0ul, (ulong)uint.MaxValue), 1 => (1ul, ulong.MaxValue), _ => (1ul, 131071ul) };
        bool isNumber = GuestText.TryParseNumber(text, least, most, out ulong value);
        bool expected = text.Length < 100 && Digits().IsMatch(text) && BigInteger.Parse(text) is var number && number >= least && number <= most;
        Expect.Equal(expected, isNumber, $"'{text}' is a number");
        Expect.That(!isNumber || value.ToString() == text, "a number is what is written");
    }

    private static void JudgeName(string text, uint domid)
    {
        string name = GuestText.DomainName(text, domid);
        Expect.That(name.Length is > 0 and <= 128 && Name().IsMatch(name) && name is not ("." or ".."), "a name is fit for a line and a terminal");
        Expect.That(GuestText.DomainName(name, domid) == name, "a name that is fit stays as it is");
        string file = ConsoleFileNames.BaseFor(name, domid);
        Expect.That(FileName().IsMatch(file) && file.Length <= 64, "a file's name is fit for a directory");
    }

    private void JudgePage(ReadOnlySpan<byte> bytes)
    {
        _page.Bytes.Clear();
        bytes[..Math.Min(bytes.Length, MappedPage.Size)].CopyTo(_page.Bytes);
        using ControllerPage page = new(new PageView(_page));
        PublishedPage published = new(5, 8, 3);
        ReadOnlySpan<byte> header = _page.Bytes;
        bool isHonest = header.StartsWith("XCSG"u8)
            && BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) == 1
            && BinaryPrimitives.ReadUInt64LittleEndian(header[8..]) == 5;
        Expect.Equal(isHonest, published.FindLie(page.Header) is null, "a page is what its keys say");
        Expect.Equal(header[16] != 0, page.Header.Alive, "its program lives");
    }

    [GeneratedRegex(@"\A(0|[1-9][0-9]*)\z")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\A[a-zA-Z0-9_.:+@-]+\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[a-zA-Z0-9_+-][a-zA-Z0-9._+-]*\z")]
    private static partial Regex FileName();
}
