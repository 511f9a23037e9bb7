using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class DocumentBudgetTests
{
    private const uint Root = 0;
    private const uint Alice = 1000;
    private const uint Bob = 1001;

    private readonly DocumentBudget _budget = new();

    [Fact]
    public void A_user_that_does_not_read_has_its_share_and_nobody_elses()
    {
        _budget.Take(Alice, DocumentBudget.MostBytesOfUser - 1);
        Assert.Null(_budget.Refuse(Alice));
        _budget.Take(Alice, 1);
        string refusal = _budget.Refuse(Alice)!;
        Assert.Contains("uid 1000", refusal, StringComparison.Ordinal);
        Assert.Contains("16 MiB", refusal, StringComparison.Ordinal);
        Assert.Null(_budget.Refuse(Bob));
        Assert.Null(_budget.Refuse(Root));

        _budget.GiveBack(Alice, 1);
        Assert.Null(_budget.Refuse(Alice));
    }

    [Fact]
    public void All_together_have_a_limit_that_is_roots_too()
    {
        _budget.Take(Root, DocumentBudget.MostBytes - 1);
        Assert.Null(_budget.Refuse(Root));
        Assert.Null(_budget.Refuse(Alice));
        _budget.Take(Root, 1);
        Assert.All((uint[])[Root, Alice], uid => Assert.Contains("64 MiB", _budget.Refuse(uid), StringComparison.Ordinal));
        _budget.GiveBack(Root, DocumentBudget.MostBytes);
        Assert.Equal(0, _budget.Held);
        Assert.Null(_budget.Refuse(Alice));
    }

    [Fact]
    public void What_several_get_counts_once_and_until_the_last_of_them_has_it()
    {
        var document = new HeldDocument(_budget, Alice, new byte[100], holders: 3);
        Assert.Equal(100, _budget.Held);
        document.LetGo();
        document.LetGo();
        Assert.Equal(100, _budget.Held);
        document.LetGo();
        Assert.Equal(0, _budget.Held);
    }
}
