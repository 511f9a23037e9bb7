using System.Globalization;
using System.Text;

using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Random output of several consoles under one limit, read by random readers: what each got and its marks make up all there was.</summary>
public sealed class HistoryPropertyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void What_a_reader_gets_and_the_gaps_it_is_told_make_up_the_output_byte_for_byte(int round)
    {
        ulong seed = SeededStream.ChooseSeed() + (ulong)round;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random((int)(seed % int.MaxValue));
        int boot = random.Next(3) * random.Next(1, 70_000);
        int limit = random.Next(1, 4) * random.Next(1, 60_000);
        var budget = new HistoryBudget(random.Next(2) == 0 ? long.MaxValue : boot + limit + random.Next(1, 300_000));
        Console[] consoles = [.. Enumerable.Range(0, random.Next(1, 6)).Select(i => new Console(seed + (ulong)i, limit, boot, budget))];

        for (int step = 0; step < 3000; step++)
        {
            Console console = consoles[random.Next(consoles.Length)];
            switch (random.Next(8))
            {
                case 0:
                    console.Add(random);
                    break;
                case < 4:
                    console.Append(random.Next(random.Next(20) == 0 ? 2 * limit : 2000));
                    break;
                default:
                    console.ReadSome(random);
                    break;
            }

            Assert.InRange(budget.Used, 0, budget.Limit);
            Assert.InRange(console.Backlog.Capacity, 0, boot + limit);
            console.CheckCounters(seed);
        }

        Assert.Equal(budget.Used, consoles.Sum(static console => (long)console.Backlog.Capacity));
        Assert.All(consoles, console => console.ReadToTheEnd(seed));
    }

    private sealed class Console(ulong seed, int limit, int boot, HistoryBudget budget)
    {
        private readonly SeededStream _stream = new(seed);
        private readonly List<Reader> _readers = [];

        public Backlog Backlog { get; } = new(limit, boot, budget);

        public void Append(int count) => Backlog.Append(Letters(Backlog.End, count));

        public void Add(Random random)
        {
            if (_readers.Count < 12)
            {
                long first = random.Next(3) == 0 ? 0 : random.NextInt64(Backlog.End + 1);
                long until = random.Next(4) == 0 ? Backlog.End : long.MaxValue;
                _readers.Add(new Reader(first, until, new BacklogCursor(Backlog, first, until)));
            }
        }

        public void ReadSome(Random random)
        {
            if (_readers.Count == 0)
            {
                return;
            }

            Reader reader = _readers[random.Next(_readers.Count)];
            for (int i = random.Next(20); i > 0; i--)
            {
                bool isMark = Take(reader, random.Next(1, 5000), out int count);
                if (!isMark && count > 0 && random.Next(4) == 0)
                {
                    // As a log does when the disk takes less; often after a look at what is next.
                    _ = random.Next(2) == 0 ? reader.Cursor.Peek().Length : 0;
                    int back = random.Next(count + 1);
                    reader.Cursor.StepBack(back);
                    reader.Got.RemoveRange(reader.Got.Count - back, back);
                }
            }
        }

        public void CheckCounters(ulong printed)
        {
            foreach (Reader reader in _readers)
            {
                long all = Math.Min(reader.Until, Backlog.End) - reader.First;
                Assert.True(
                    all == (long)reader.Cursor.Lost + (long)reader.Cursor.Taken + reader.Cursor.Unread,
                    $"seed {printed}: {all} bytes, {reader.Cursor.Lost} lost, {reader.Cursor.Taken} taken, {reader.Cursor.Unread} unread");
            }
        }

        public void ReadToTheEnd(ulong printed)
        {
            foreach (Reader reader in _readers)
            {
                while (!reader.Cursor.IsAtEnd)
                {
                    _ = Take(reader, int.MaxValue, out _);
                }

                Check(reader, printed);
            }
        }

        private static bool Take(Reader reader, int most, out int count)
        {
            ReadOnlySpan<byte> piece = reader.Cursor.Peek();
            bool isMark = reader.Cursor.IsAtMark;
            Assert.Equal(reader.Cursor.IsAtEnd, piece.IsEmpty);
            count = Math.Min(most, piece.Length);
            reader.Got.AddRange(piece[..count]);
            reader.Cursor.Advance(count);
            return isMark;
        }

        private void Check(Reader reader, ulong printed)
        {
            long position = reader.First;
            long lost = 0;
            ReadOnlySpan<byte> got = [.. reader.Got];
            while (!got.IsEmpty)
            {
                ReadOnlySpan<byte> open = "\r\n[gap: "u8;
                ReadOnlySpan<byte> close = " bytes]\r\n"u8;
                if (got.StartsWith(open))
                {
                    int end = got.IndexOf(close);
                    long gap = long.Parse(
                        Encoding.ASCII.GetString(got[open.Length..end]), NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
                    Assert.True(gap > 0, $"seed {printed}: an empty gap");
                    position += gap;
                    lost += gap;
                    got = got[(end + close.Length)..];
                    continue;
                }

                int count = got.IndexOf(open) is >= 0 and int next ? next : got.Length;
                Assert.True(got[..count].SequenceEqual(Letters(position, count)), $"seed {printed}: other bytes at {position}");
                position += count;
                got = got[count..];
            }

            Assert.True(position == Math.Min(reader.Until, Backlog.End), $"seed {printed}: ends at {position} of {Backlog.End}");
            Assert.Equal(lost, (long)reader.Cursor.Lost);
            Assert.Equal(position - reader.First - lost, (long)reader.Cursor.Taken);
        }

        /// <summary>Letters only, so that no output looks like a mark.</summary>
        private byte[] Letters(long position, int count)
        {
            byte[] bytes = _stream.Take(position, count);
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)('a' + (bytes[i] % 26));
            }

            return bytes;
        }
    }

    private sealed record Reader(long First, long Until, BacklogCursor Cursor)
    {
        public List<byte> Got { get; } = [];
    }
}
