using System.Reflection;

using XcsSharp.Exporter.Otlp.Wire;

namespace XcsSharp.Exporter.Otlp;

/// <summary>What both kinds of requests have at their front.</summary>
internal static class OtlpWords
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Who it is about: the daemon of this machine.</summary>
    public static Resource Resource { get; } = new()
    {
        Attributes = { Word("service.name", "xcsd"), Word("host.name", Environment.MachineName) },
    };

    public static InstrumentationScope Scope { get; } = new()
    {
        Name = "XcsSharp.Exporter",
        Version = typeof(OtlpWords).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "",
    };

    public static KeyValue Word(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    public static ulong Nanoseconds(DateTimeOffset time) => (ulong)((time - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick);
}
