namespace XcsSharp.Reactor;

/// <summary>What a descriptor is ready for. <see cref="HangUp"/> and <see cref="Error"/> come unasked.</summary>
[Flags]
public enum Readiness
{
    None = 0,
    Readable = 1,
    Writable = 2,
    HangUp = 4,
    Error = 8,
}

/// <summary>Called on the loop's thread when a registered descriptor is ready.</summary>
public interface IReadyHandler
{
    void OnReady(Readiness ready);
}

/// <summary>
/// Work that is done once for everything that a turn brought: one notify for many answers, one send for many records.
/// </summary>
public interface ITurnEndWork
{
    /// <summary>Called once for each time it was queued with <see cref="EventLoop.AtTurnEnd"/>.</summary>
    void OnTurnEnd();
}
