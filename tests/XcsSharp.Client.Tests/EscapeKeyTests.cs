using System.Text;

using XcsSharp.Cli;

namespace XcsSharp.Client.Tests;

public sealed class EscapeKeyTests
{
    [Theory]
    [InlineData("^]", 0x1d)]
    [InlineData("^a", 0x01)]
    [InlineData("^A", 0x01)]
    [InlineData("^@", 0x00)]
    [InlineData("^_", 0x1f)]
    public void A_caret_and_a_character_is_a_control_character(string text, int code)
    {
        Assert.True(EscapeKey.TryParse(text, out EscapeKey? key));
        Assert.Equal(2, key.Value.FindIn([0x7e, 0x7e, (byte)code]));
        Assert.Equal(text.ToUpperInvariant(), key.Value.ToString());
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    public void None_is_found_nowhere(string text)
    {
        Assert.True(EscapeKey.TryParse(text, out EscapeKey? key));
        Assert.False(key.Value.IsKey);
        Assert.Equal(-1, key.Value.FindIn([.. Enumerable.Range(0, 256).Select(i => (byte)i)]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("^")]
    [InlineData("]")]
    [InlineData("^]x")]
    [InlineData("^1")]
    [InlineData("^é")]
    public void Anything_else_is_refused(string text) => Assert.False(EscapeKey.TryParse(text, out _));

    [Fact]
    public async Task What_stands_before_the_key_is_sent_wherever_it_stands_and_what_follows_is_not()
    {
        const string Typed = "shutdown -h now\r";
        for (int at = 0; at <= Typed.Length; at++)
        {
            foreach (int pieceSize in (int[])[1, 3, 100])
            {
                string input = Typed[..at] + "\x1d" + Typed[at..];
                (InputEnd end, string sent) = await RunAsync(EscapeKey.Default, input, pieceSize);
                Assert.Equal((InputEnd.Escape, Typed[..at]), (end, sent));
            }
        }
    }

    [Fact]
    public async Task Without_a_key_every_byte_is_sent_to_the_end()
    {
        string input = string.Concat(Enumerable.Range(0, 128).Select(i => (char)i));
        (InputEnd end, string sent) = await RunAsync(EscapeKey.None, input, 7);
        Assert.Equal((InputEnd.EndOfInput, input), (end, sent));
    }

    [Fact]
    public async Task A_menu_takes_the_keys_behind_the_key_and_what_follows_is_sent_again()
    {
        foreach (int pieceSize in (int[])[1, 3, 100])
        {
            List<byte?> keys = [];
            MemoryStream sent = new();
            ConsoleInput console = new(new Pieces("a\x1dxyb\x1dq.never", pieceSize), sent, EscapeKey.Default, (next, send) =>
            {
                send([(byte)'!']);
                keys.AddRange([next(), next()]);
                return keys[^1] == '.' ? MenuEnd.Leave : MenuEnd.Back;
            });
            Assert.Equal(InputEnd.Escape, await console.RunAsync());
            await console.FlushAsync();
            Assert.Equal("a!b!", Encoding.ASCII.GetString(sent.ToArray()));
            Assert.Equal("xyq.", string.Concat(keys.Select(key => (char)key!.Value)));
        }
    }

    [Fact]
    public async Task The_key_is_seen_while_the_console_takes_nothing()
    {
        NeverWritten stuck = new();
        ConsoleInput input = new(new Pieces("text\x1d", 1), stuck, EscapeKey.Default);
        Assert.Equal(
            InputEnd.Escape,
            await input.RunAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.False(input.FlushAsync().IsCompleted);
        stuck.Release();
        await input.FlushAsync().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    private static async Task<(InputEnd End, string Sent)> RunAsync(EscapeKey key, string input, int pieceSize)
    {
        MemoryStream sent = new();
        ConsoleInput console = new(new Pieces(input, pieceSize), sent, key);
        InputEnd end = await console.RunAsync();
        await console.FlushAsync();
        return (end, Encoding.ASCII.GetString(sent.ToArray()));
    }

    /// <summary>A keyboard: each read gives at most so many bytes.</summary>
    private sealed class Pieces(string text, int size) : MemoryStream(Encoding.ASCII.GetBytes(text))
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, size));
    }

    /// <summary>A guest that takes no input until it is released.</summary>
    private sealed class NeverWritten : MemoryStream
    {
        private readonly TaskCompletionSource _released = new();

        public void Release() => _released.SetResult();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            => new(_released.Task);
    }
}
