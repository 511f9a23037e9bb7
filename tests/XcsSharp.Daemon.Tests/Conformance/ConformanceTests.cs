namespace XcsSharp.Daemon.Tests.Conformance;

/// <summary>
/// The specification of the original, fact by fact, against the real daemon on its real socket; and what is different on
/// purpose, which is asserted as well.
/// </summary>
public sealed class ConformanceTests(ConformanceTests.SharedLab shared) : IClassFixture<ConformanceTests.SharedLab>
{
    private static readonly Row[] s_rows =
        [.. WireRows.All, .. RingRows.All, .. SessionRows.All, .. BindingRows.All, .. ChannelRows.All, .. ReservedRows.All];

    public static TheoryData<string> Rows => [.. s_rows.Select(row => row.ToString())];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task The_original_does_it_so(string row)
    {
        Row found = s_rows.Single(each => each.ToString() == row);
        if (found.Settings.Length == 0)
        {
            await using Bench bench = new(shared.Lab);
            await found.RunAsync(bench);
            return;
        }

        await using Lab lab = await Lab.StartAsync(found.Settings);
        await using Bench own = new(lab);
        await found.RunAsync(own);
    }

    [Fact]
    public void The_rows_are_counted()
    {
        foreach (IGrouping<string, Row> section in s_rows.GroupBy(row => row.Section))
        {
            Lab.Print($"section {section.Key}: {section.Count(row => !row.IsDifference)} facts, {section.Count(row => row.IsDifference)} differences");
        }

        int differences = s_rows.Count(row => row.IsDifference);
        Lab.Print($"conformance: {s_rows.Length - differences} facts of the original hold, {differences} differences are asserted");
        Assert.Equal(s_rows.Length, s_rows.Select(row => row.ToString()).Distinct().Count());
        Assert.All(s_rows.Where(row => row.IsDifference), row => Assert.NotEqual("", row.Reason));
    }

    /// <summary>One daemon whose patience is without end, so that no row depends on the speed of the machine.</summary>
    public sealed class SharedLab : IAsyncLifetime
    {
        internal Lab Lab { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Lab = await Lab.StartAsync(
            "--Switching:UnboundGrace=10m",
            "--Switching:ResponseTimeout=1h",
            "--Switching:SessionWindow=1h",
            "--Switching:FirstRecordTimeout=10m");

        public ValueTask DisposeAsync() => Lab.DisposeAsync();
    }
}
