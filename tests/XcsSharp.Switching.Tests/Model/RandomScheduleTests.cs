
namespace XcsSharp.Switching.Tests.Model;

/// <summary>The switch against a model of it, over schedules that nobody thought of.</summary>
public sealed class RandomScheduleTests
{
    private const int Steps = 110_000;

    [Fact]
    public void Everybody_receives_and_answers_what_the_model_says()
    {
        ulong seed = SeededStream.ChooseSeed();
        TestContext.Current.TestOutputHelper?.WriteLine($"XCS_SEED={seed}");
        using RandomSchedule schedule = new(seed);
        schedule.Run(Steps);
        schedule.Finish();

        ModelCounts counts = schedule.Counts;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{schedule.Step} steps: {counts.Requests} requests, {counts.Responses} answers, {counts.AnsweredByDaemon} of them the "
            + $"daemon's, {counts.AnswersDropped} dropped; {counts.RequestsSent} requests to guests; {schedule.SlowSessions} slow "
            + $"sessions closed; {schedule.LongestWait} records waited for one guest");

        // A schedule in which nothing happens shows nothing.
        Assert.True(schedule.Step >= 100_000);
        Assert.True(counts.Requests > 10_000 && counts.RequestsSent > 1000 && counts.AnsweredByDaemon > 100 && counts.AnswersDropped > 100);
    }
}
