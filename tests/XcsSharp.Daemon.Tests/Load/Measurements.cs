namespace XcsSharp.Daemon.Tests.Load;

/// <summary>Tests that measure: one at a time, and no other of this suite beside it.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Measurements
{
    public const string Name = "measurements";
}
