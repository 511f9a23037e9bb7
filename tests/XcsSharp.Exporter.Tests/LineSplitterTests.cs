using System.Text;

using XcsSharp.Exporter.Logs;

namespace XcsSharp.Exporter.Tests;

public sealed class LineSplitterTests
{
    [Theory]
    [InlineData("one\r\ntwo\n\nthree", "one|two|three")]
    [InlineData("10%\r20%\r\n", "10%|20%")]
    [InlineData("grüße\n", "grüße")]
    [InlineData("", "")]
    public void Output_is_cut_into_lines_however_it_comes(string output, string lines)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(output);
        for (int piece = 1; piece <= bytes.Length + 1; piece++)
        {
            LineSplitter splitter = new();
            List<string> got = [];
            foreach (byte[] part in bytes.Chunk(piece))
            {
                got.AddRange(splitter.Take(part));
            }

            got.AddRange(splitter.End());
            Assert.Equal(lines, string.Join('|', got));
        }
    }

    [Fact]
    public void A_line_that_never_ends_is_cut_at_its_limit_and_no_byte_of_it_lost()
    {
        LineSplitter splitter = new();
        IReadOnlyList<string> cut = splitter.Take(Encoding.ASCII.GetBytes(new string('x', (2 * LineSplitter.MostBytes) + 5)));
        Assert.Equal([LineSplitter.MostBytes, LineSplitter.MostBytes, 5], [.. cut.Select(static line => line.Length), splitter.End().Single().Length]);
    }
}
