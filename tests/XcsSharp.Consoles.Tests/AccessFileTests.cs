using System.Text;

using Xunit;

namespace XcsSharp.Consoles.Tests;

public sealed class AccessFileTests
{
    private const uint Self = 99;

    private static readonly Accounts s_accounts = new();

    [Theory]
    [InlineData("web1", Right.Write)]
    [InlineData("web", Right.Write)]
    [InlineData("Web1", Right.None)]
    [InlineData("db", Right.View)]
    [InlineData("dbx", Right.None)]
    [InlineData("dby2", Right.Admin)]
    public void A_user_has_the_highest_right_that_a_rule_gives_for_the_domain(string domain, Right right)
    {
        AccessPolicy policy = Parse(
            """
            { // Comments are fine.
              "rules": [
                {"user": "alice", "domains": ["web*", "db"], "right": "view"},
                {"user": "1000", "domains": ["web*"], "right": "write"},
                {"group": "ops", "domains": ["db?2"], "right": "admin"},
                {"user": "bob", "right": "admin"},
              ]
            }
            """);
        Assert.Equal(right, policy.For(new Client(1000, [1000, 500]), domain));
        Assert.Equal(Right.Admin, policy.Highest(new Client(1000, [1000, 500])));
        Assert.Equal(Right.Write, policy.Highest(new Client(1000, [1000])));
    }

    [Fact]
    public void Without_domains_it_is_all_of_them_and_without_a_rule_nothing()
    {
        AccessPolicy policy = Parse("""{"rules": [{"group": "500", "right": "view"}]}""");
        Assert.Equal(Right.View, policy.For(new Client(7, [1, 500]), "any \n name"));
        Assert.Equal(Right.None, policy.For(new Client(500, [501]), "web"));
        Assert.Equal(Right.None, policy.Highest(new Client(500, [])));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(Self)]
    public void Root_and_the_daemons_own_user_may_do_all_whatever_the_rules_are(uint uid)
    {
        AccessPolicy policy = Parse("""{"rules": []}""");
        Assert.Equal(Right.Admin, policy.For(new Client(uid, []), "web"));
        Assert.Equal(Right.Admin, policy.Highest(new Client(uid, [])));
        Assert.Equal(Right.None, policy.For(new Client(12, [0, Self]), "web"));
    }

    [Theory]
    [InlineData("""{}""", "\"rules\"")]
    [InlineData("""null""", "\"rules\"")]
    [InlineData("""{"rules": 1}""", "line 1")]
    [InlineData("{\n\"rules\": [\n{,]}", "line 3")]
    [InlineData("""{"rules": [], "role": 1}""", "role")]
    [InlineData("""{"rules": [{"user": "alice", "right": "view", "domain": ["web"]}]}""", "domain")]
    [InlineData("""{"rules": [null]}""", "rule 1: it is empty")]
    [InlineData("""{"rules": [{"user": "alice"}]}""", "rule 1: its right is missing; give view, write or admin")]
    [InlineData("""{"rules": [{"user": "alice", "right": "root"}]}""", "rule 1: its right is 'root'")]
    [InlineData("""{"rules": [{"right": "view"}]}""", "a user or a group")]
    [InlineData("""{"rules": [{"user": "alice", "group": "ops", "right": "view"}]}""", "not both")]
    [InlineData("""{"rules": [{"user": "alice", "right": "view"}, {"user": "mallory", "right": "view"}]}""", "rule 2: there is no user 'mallory'")]
    [InlineData("""{"rules": [{"group": "-1", "right": "view"}]}""", "no group '-1'")]
    [InlineData("""{"rules": [{"user": "alice", "right": "view", "domains": []}]}""", "domains are empty")]
    [InlineData("""{"rules": [{"user": "alice", "right": "view", "domains": [""]}]}""", "domains are empty")]
    public void What_is_wrong_is_said_with_its_place_and_nothing_is_taken_over(string text, string said)
    {
        FormatException wrong = Assert.Throws<FormatException>(() => Parse(text));
        Assert.Contains(said, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_faults_are_said_at_once()
    {
        FormatException wrong = Assert.Throws<FormatException>(
            () => Parse("""{"rules": [{"user": "nobody-here"}, {"group": "ops", "right": "x"}]}"""));
        Assert.Equal(3, wrong.Message.Split('\n').Length);
    }

    private static AccessPolicy Parse(string text) => AccessFile.Parse(Encoding.UTF8.GetBytes(text), s_accounts, Self);

    private sealed class Accounts : IAccounts
    {
        public uint? FindUser(string name) => name switch { "alice" => 1000, "bob" => 1001, _ => null };

        public uint? FindGroup(string name) => name == "ops" ? 500u : null;
    }
}
