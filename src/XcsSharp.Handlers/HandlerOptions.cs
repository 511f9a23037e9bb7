namespace XcsSharp.Handlers;

/// <summary>Which handlers run, and their patience. Read once, when the daemon starts.</summary>
public sealed class HandlerOptions
{
    private readonly HashSet<string> _on = [];

    /// <summary>How long a guest may take to answer what a handler asks: 100 ms to 10 min.</summary>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Every handler is off until it is turned on.</summary>
    public bool IsOn(HandlerRegistration handler) => _on.Contains(handler.Name);

    public void Set(HandlerRegistration handler, bool on)
        => _ = on ? _on.Add(handler.Name) : _on.Remove(handler.Name);
}
