using XcsSharp.Fuzz;
using XcsSharp.Fuzz.Engine;

try
{
    return FuzzProgram.Run(FuzzOptions.Parse(args));
}
catch (UsageException wrong)
{
    Console.Error.WriteLine($"XcsSharp.Fuzz: {wrong.Message}");
    return 2;
}
