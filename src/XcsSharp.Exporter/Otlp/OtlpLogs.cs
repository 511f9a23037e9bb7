using XcsSharp.Exporter.Logs;
using XcsSharp.Exporter.Otlp.Wire;

namespace XcsSharp.Exporter.Otlp;

/// <summary>Lines of guests as a request of OTLP.</summary>
internal static class OtlpLogs
{
    /// <summary>INFO of the protocol: what a guest prints has no severity, and 0 is filtered out by some.</summary>
    private const int Severity = 9;

    public static ExportLogsServiceRequest Write(IReadOnlyList<ConsoleLine> lines)
    {
        ScopeLogs scope = new() { Scope = OtlpWords.Scope };
        foreach (ConsoleLine line in lines)
        {
            ulong time = OtlpWords.Nanoseconds(line.Time);
            scope.LogRecords.Add(new LogRecord
            {
                TimeUnixNano = time,
                ObservedTimeUnixNano = time,
                SeverityNumber = Severity,
                Body = new AnyValue { StringValue = line.Text },
                Attributes =
                {
                    OtlpWords.Word("domain", line.Domain),
                    OtlpWords.Word("domid", line.Console.Domid),
                    OtlpWords.Word("uuid", line.Console.Uuid),
                    OtlpWords.Word("console", line.Domain + line.Console.Suffix),
                },
            });
        }

        return new ExportLogsServiceRequest { ResourceLogs = { new ResourceLogs { Resource = OtlpWords.Resource, ScopeLogs = { scope } } } };
    }
}
