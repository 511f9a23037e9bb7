using XcsSharp.Bench.Scenarios;

namespace XcsSharp.Bench.Report;

/// <summary>A figure that has a bar.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">Null when this run did not measure it.</param>
/// <param name="AtLeast">Whether the bar is a lower one.</param>
/// <param name="Bar">What it must reach.</param>
internal sealed record Target(string Name, double? Value, bool AtLeast, double Bar)
{
    public bool? IsMet => Value is not double value ? null : AtLeast ? value >= Bar : value <= Bar;
}

/// <summary>The bars. Quotients are of what was measured in the same round.</summary>
internal static class Targets
{
    public static IReadOnlyList<Target> Of(Results results)
    {
        double? Between(string scenario, string quantity, (string Point, string Subject) over, (string Point, string Subject) under)
            => results.Ratio(
                results.Find(scenario, over.Point, over.Subject, quantity), results.Find(scenario, under.Point, under.Subject, quantity));
        double? ToClassic(string scenario, string point, string quantity) => Between(scenario, quantity, (point, "xcsd"), (point, "classic"));
        double? Own(string scenario, string point, string quantity) => results.Find(scenario, point, "xcsd", quantity)?.Median;
        return
        [
            new("messages/s ÷ classic, 1 guest", ToClassic("flood", "1", "messages/s"), true, 1.0),
            new("messages/s ÷ classic, 64 guests", ToClassic("flood", "64", "messages/s"), true, 2.0),
            new("messages/s ÷ classic, 256 guests", ToClassic("flood", "256", "messages/s"), true, 2.0),
            new("CPU a message ÷ floor, 64 guests", Between("flood", "CPU a message", ("64", "xcsd"), ("64", "floor")), false, 1.3),
            new("round trip p50 ÷ classic, 1 guest", ToClassic("trip", "1", "p50"), false, 1.0),
            new("round trip p99 ÷ classic, 1 guest", ToClassic("trip", "1", "p99"), false, 1.2),
            new("CPU a message at 4,000 guests ÷ at 64", Between("flood", "CPU a message", ("4000", "xcsd"), ("64", "xcsd")), false, 1.2),
            new("records/s to 100 subscribers ÷ to 1", Between(FanOutScenario.Name, "records/s", ("100", "xcsd"), ("1", "xcsd")), true, 30),
            new("quiet guest's p99 beside a flood ÷ alone", Between(QuietGuestScenario.Name, "p99", ("beside a flood", "xcsd"), ("alone", "xcsd")), false, 2.0),
            new("idle wake-ups, 1,000 guests", Own(IdleScenario.Name, "1000", "wake-ups"), false, 0),
            new("PSS idle, MiB", Own(IdleScenario.Name, "0", "PSS") / 1024, false, 14),
            new("PSS a guest, KiB", Own(IdleScenario.Name, "1000", "PSS a guest"), false, 8),
            new("exec to ready, ms", Own(StartScenario.Name, "0", "exec to ready"), false, 50),
            new("re-attach of 1,000 guests, ms", Own(StartScenario.Name, "1000", "exec to ready"), false, 250),
        ];
    }
}
