using Microsoft.Extensions.Logging;

namespace XcsSharp.Xen.Tests;

/// <summary>Keeps what is logged from Information on.</summary>
internal sealed class ListLog
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    public string Text => string.Join('\n', _lines);

    public ILogger<T> For<T>() => new Logger<T>(this);

    private sealed class Logger<T>(ListLog log) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log._lines.Add(formatter(state, exception));
            }
        }
    }
}
