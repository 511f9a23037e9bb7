using System.Globalization;

using XcsSharp.Mutation;

// What the tests would not notice: small changes to the sources, one at a time, under which every test passes.
// Exit: 0 each area has the score it should, 1 one has not, 2 wrong use.
const double Bar = 85;
if (args is ["host", { } hosted])
{
    return TestHost.Run(hosted);
}

Area[] areas = [.. Area.All.Where(area => args.Length == 0 || args.Contains(area.Name))];
if (args.FirstOrDefault(name => !Area.All.Any(area => area.Name == name)) is { } unknown)
{
    Console.Error.WriteLine($"xcs-mutation: there is no area '{unknown}'. There are: {string.Join(", ", Area.All.Select(static area => area.Name))}");
    return 2;
}

List<string> scores = [];
bool isBelow = false;
foreach (Area area in areas)
{
    MutatedBuild build = new(area, Directory.GetCurrentDirectory());
    IReadOnlyList<Mutant> mutants = build.Make();
    using HostedTests tests = new(
        Path.Combine(build.TestsFolder, area.Tests + ".dll"), Path.Combine(build.TestsFolder, "active-mutant"));
    if ((await tests.RunAsync(-1, area.Runner) ?? (area.Slow is null ? null : await tests.RunAsync(-1, area.Slow))) is { } broken)
    {
        Console.Error.WriteLine($"{area.Name}: a test fails without any mutant: {broken}");
        return 1;
    }

    int killed = 0;
    int tried = 0;
    foreach (Mutant mutant in mutants)
    {
        if (tried++ % 50 == 0)
        {
            Console.WriteLine($"{area.Name}: {tried - 1} of {mutants.Count} tried, {killed} killed");
        }

        // What survives is asked a second time: what happens once in a process had happened before it was active.
        string? noticed = await tests.RunAsync(mutant.Id, area.Runner, alone: area.IsUnsafe)
            ?? await tests.RunAsync(mutant.Id, area.Runner, alone: true)
            ?? (area.Slow is null ? null : await tests.RunAsync(mutant.Id, area.Slow, alone: true));
        if (noticed is not null)
        {
            killed++;
            continue;
        }

        Console.WriteLine($"{area.Name} {mutant.Id} survives at {mutant.Place}: {mutant.Before}\n    => {mutant.After}");
    }

    if (await tests.RunAsync(-1, area.Runner) is { } leftover)
    {
        Console.Error.WriteLine($"{area.Name}: a mutant has left something behind, and what came after it does not count: {leftover}");
        return 1;
    }

    double score = 100.0 * killed / mutants.Count;
    isBelow |= score < Bar;
    scores.Add(string.Create(CultureInfo.InvariantCulture, $"{area.Name,-8} {score,5:0.0} %  {killed} of {mutants.Count} killed"));
}

scores.ForEach(Console.WriteLine);
return isBelow ? 1 : 0;
