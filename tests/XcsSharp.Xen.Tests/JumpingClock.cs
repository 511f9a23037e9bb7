namespace XcsSharp.Xen.Tests;

/// <summary>The real clock, and what the test adds to it.</summary>
internal sealed class JumpingClock : TimeProvider
{
    private long _added;

    public override long GetTimestamp() => base.GetTimestamp() + _added;

    public void Jump(TimeSpan time) => _added += (long)(time.TotalSeconds * TimestampFrequency);
}
