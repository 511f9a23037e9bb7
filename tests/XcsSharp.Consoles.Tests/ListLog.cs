using Microsoft.Extensions.Logging;

namespace XcsSharp.Consoles.Tests;

/// <summary>Keeps what the handler logs from Information on.</summary>
internal sealed class ListLog : ILogger<ConsoleHandler>
{
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    public string[] Warnings => [.. _lines.Where(line => line.Level >= LogLevel.Warning).Select(line => line.Text)];

    public string[] Notes => [.. _lines.Where(line => line.Level == LogLevel.Information).Select(line => line.Text)];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Add((logLevel, formatter(state, exception)));
        }
    }
}
