using Microsoft.Extensions.Logging;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>Keeps log lines of level Information and above.</summary>
internal sealed class RecordingLog : ILoggerFactory, ILogger
{
    public List<(LogLevel Level, string Line)> Lines { get; } = [];

    public IEnumerable<string> Warnings
        => Lines.Where(line => line.Level == LogLevel.Warning).Select(line => line.Line);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => Lines.Add((logLevel, formatter(state, exception)));
}
