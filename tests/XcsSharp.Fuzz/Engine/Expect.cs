using System.Diagnostics.CodeAnalysis;

namespace XcsSharp.Fuzz.Engine;

/// <summary>The oracles' words.</summary>
internal static class Expect
{
    public static void That([DoesNotReturnIf(false)] bool holds, string rule)
    {
        if (!holds)
        {
            throw new RuleBrokenException(rule);
        }
    }

    public static void Equal<T>(T expected, T actual, string rule)
        where T : IEquatable<T>
    {
        if (!expected.Equals(actual))
        {
            throw new RuleBrokenException($"{rule}: expected {expected}, got {actual}");
        }
    }

    public static void Same(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, string rule)
    {
        if (!expected.SequenceEqual(actual))
        {
            int at = expected.CommonPrefixLength(actual);
            throw new RuleBrokenException(
                $"{rule}: differ at {at} of {expected.Length} and {actual.Length} bytes: expected {Near(expected, at)}, got {Near(actual, at)}");
        }
    }

    private static string Near(ReadOnlySpan<byte> bytes, int at) => Convert.ToHexString(bytes[at..Math.Min(bytes.Length, at + 16)]);
}

/// <summary>What must always hold did not.</summary>
internal sealed class RuleBrokenException(string rule) : Exception(rule);
