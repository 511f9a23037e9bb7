using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>The limit of all consoles' histories together, and who gives way at it.</summary>
public sealed class HistoryBudgetTests
{
    private const int Chunk = 32 * 1024;

    [Fact]
    public void The_largest_gives_way_and_the_small_keep_all()
    {
        var budget = new HistoryBudget(10 * Chunk);
        Backlog[] small = [.. Enumerable.Range(0, 20).Select(_ => new Backlog(8 * Chunk, 1000, budget))];
        foreach (Backlog backlog in small)
        {
            backlog.Append(new byte[500]);
        }

        var large = new Backlog(8 * Chunk, Chunk, budget);
        var second = new Backlog(8 * Chunk, Chunk, budget);
        for (int i = 0; i < 1000; i++)
        {
            large.Append(new byte[1000]);
            second.Append(new byte[1000]);
            Assert.InRange(budget.Used, 0, budget.Limit);
        }

        Assert.All(small, backlog => Assert.Equal((0L, 0L), (backlog.Start, backlog.MissingFrom(0))));

        // The two share what is left, and both still have how their guests began.
        Assert.All([large, second], backlog =>
        {
            Assert.Equal(Chunk, backlog.BootEnd);
            Assert.InRange(backlog.End - backlog.NewestStart, 2 * Chunk, 6 * Chunk);
        });
        Assert.True(budget.TimesGivenWay > 0);
    }

    [Fact]
    public void The_ended_give_way_before_the_living_and_the_first_that_ended_first()
    {
        var budget = new HistoryBudget(8 * Chunk);
        Backlog[] ended = [.. Enumerable.Range(0, 3).Select(_ => new Backlog(2 * Chunk, 0, budget))];
        foreach (Backlog backlog in ended)
        {
            backlog.Append(new byte[2 * Chunk]);
        }

        ended[1].OnEnded();
        ended[0].OnEnded();
        ended[2].OnEnded();
        var living = new Backlog(8 * Chunk, 0, budget);
        List<string> kept = [];
        for (int i = 0; i < 8; i++)
        {
            living.Append(new byte[Chunk]);
            kept.Add(string.Join(' ', ended.Select(static backlog => backlog.Capacity / Chunk)));
        }

        Assert.Equal(["2 2 2", "2 2 2", "2 1 2", "2 0 2", "1 0 2", "0 0 2", "0 0 1", "0 0 0"], kept);
        Assert.Equal(0, living.MissingFrom(0));
        Assert.Equal(2 * Chunk, ended[1].MissingFrom(0));
    }

    [Fact]
    public void The_boot_part_gives_way_only_when_nothing_else_is_left_to_give()
    {
        var budget = new HistoryBudget(20 * Chunk);
        List<Backlog> all = [];
        for (int i = 0; i < 40; i++)
        {
            var backlog = new Backlog(4 * Chunk, Chunk, budget);
            backlog.Append(new byte[2 * Chunk]);
            all.Add(backlog);
            Assert.InRange(budget.Used, 0, budget.Limit);
        }

        // Twice as many as there is room for half of each.
        Assert.All(all, backlog => Assert.InRange(backlog.Capacity, 0, 2 * Chunk));
        Assert.Equal(budget.Used, all.Sum(static backlog => (long)backlog.Capacity));
        Assert.Contains(all, static backlog => backlog.BootEnd == 0);
        Assert.All(all, static backlog => Assert.Equal(
            2 * Chunk, backlog.MissingFrom(0) + backlog.BootEnd + backlog.End - backlog.NewestStart));
    }

    [Fact]
    public void Ten_thousand_consoles_stay_under_the_limit_and_none_is_left_with_nothing()
    {
        var budget = new HistoryBudget(64L << 20);
        Backlog[] all = [.. Enumerable.Range(0, 10_000).Select(_ => new Backlog(256 * 1024, 64 * 1024, budget))];
        byte[] output = new byte[4000];
        for (int round = 0; round < 10; round++)
        {
            foreach (Backlog backlog in all)
            {
                backlog.Append(output);
            }

            Assert.InRange(budget.Used, 0, budget.Limit);
        }

        Assert.Equal(budget.Used, all.Sum(static backlog => (long)backlog.Capacity));
        Assert.InRange(budget.Used, budget.Limit / 2, budget.Limit);
        Assert.InRange(all.Count(static backlog => backlog.End > backlog.NewestStart || backlog.BootEnd > 0), 1000, 10_000);

        // Whoever prints now can be read at once, however poor all are.
        all[0].Append(output);
        Assert.Equal(output.Length, (int)(all[0].End - all[0].NextRetained(all[0].End - output.Length)));
    }

    [Fact]
    public void At_the_limit_nothing_is_allocated()
    {
        var budget = new HistoryBudget(32 * Chunk);
        Backlog[] all = [.. Enumerable.Range(0, 8).Select(_ => new Backlog(8 * Chunk, Chunk, budget))];
        byte[] message = new byte[1000];
        Turn();
        ulong before = budget.TimesGivenWay;
        Assert.Equal(0, Allocations.Least(Turn));
        Assert.True(budget.TimesGivenWay > before + 20);

        void Turn()
        {
            for (int i = 0; i < 10_000; i++)
            {
                all[i / 400 % all.Length].Append(message);
            }
        }
    }

    [Fact]
    public void Memory_that_is_given_back_can_be_had_again()
    {
        var budget = new HistoryBudget(4 * Chunk);
        for (int i = 0; i < 10; i++)
        {
            var backlog = new Backlog(2 * Chunk, 2 * Chunk, budget);
            backlog.Append(new byte[10 * Chunk]);
            Assert.Equal(4 * Chunk, budget.Used);
            backlog.Clear();
            Assert.Equal((0L, 0), (budget.Used, backlog.Capacity));
            Assert.Equal(10 * Chunk, backlog.MissingFrom(0));
        }

        Assert.Equal(0UL, budget.TimesGivenWay);
    }
}
