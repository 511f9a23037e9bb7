using System.Text.Json.Serialization;

namespace XcsSharp.Cli.Doctor;

/// <summary>How a check went.</summary>
internal enum Outcome
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Does not apply here, or could not be looked at.</summary>
    [JsonStringEnumMemberName("skipped")]
    Skipped,

    /// <summary>Works, and not for everybody or not for long.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>Consoles do not work with this.</summary>
    [JsonStringEnumMemberName("problem")]
    Problem,
}

/// <summary>What one check has found.</summary>
/// <param name="Check">What was looked at, in a word or two.</param>
/// <param name="Outcome">How it went.</param>
/// <param name="Detail">What is so.</param>
/// <param name="Remedy">What to do about it; null where there is nothing to do.</param>
internal sealed record Finding(string Check, Outcome Outcome, string Detail, string? Remedy = null);

/// <summary>The document of <c>xcsctl doctor --json</c>.</summary>
/// <param name="Findings">What each check has found, in the order in which they were made.</param>
/// <param name="Problems">How many of them are problems; one is enough for exit code 1.</param>
/// <param name="Warnings">How many are warnings.</param>
internal sealed record DoctorReport(IReadOnlyList<Finding> Findings, int Problems, int Warnings);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(DoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
