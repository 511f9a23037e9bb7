using System.Text.Json;
using System.Text.Json.Serialization;

using XcsSharp.Consoles;

namespace XcsSharp.Daemon.Handover;

/// <summary>The document that goes with handed descriptors: what they are, and what belongs to them.</summary>
/// <remarks>
/// A first line <c>xcsd-state VERSION</c>, then JSON. A version is never changed once it was released: what is new is a new version, and each reader
/// takes all versions from the first on. It comes from a daemon of ours, and is read as if it came from anybody: what does not fit is refused as a whole.
/// </remarks>
/// <param name="Writer">The version of the daemon that wrote it, for people.</param>
/// <param name="Descriptors">The descriptors that stayed open over execve; empty where the service manager names them.</param>
/// <param name="Bytes">Length of the file <see cref="HandedDescriptors.BytesName"/>, from version 2 on.</param>
/// <param name="Consoles">The consoles, from version 2 on; null: none were left.</param>
internal sealed record HandoverState(string Writer, IReadOnlyList<HandedNumber> Descriptors, long Bytes = 0, ConsolesState? Consoles = null)
{
    /// <summary>What this daemon writes.</summary>
    public const int Version = 2;

    /// <summary>A larger one is none of ours.</summary>
    public const int MaxBytes = 64 << 20;

    private const int MostDescriptors = 16384;
    private const int LongestText = 255;

    private static ReadOnlySpan<byte> Magic => "xcsd-state "u8;

    /// <summary>Whether a document of that version can be read here.</summary>
    public static bool CanRead(int version) => version is >= 1 and <= Version;

    /// <summary>Takes a document apart. A pure function: no descriptor is touched.</summary>
    /// <param name="document">All of it.</param>
    /// <param name="state">Checked in every field; null when it was refused.</param>
    /// <param name="error">Why it was.</param>
    public static bool TryRead(ReadOnlySpan<byte> document, out HandoverState? state, out string error)
    {
        state = null;
        error = "";
        int line = document[..Math.Min(document.Length, 32)].IndexOf((byte)'\n');
        if (line < 0 || !document.StartsWith(Magic))
        {
            error = "it does not begin as a state of xcsd";
        }
        else if (!TryParseVersion(document[Magic.Length..line], out int version) || !CanRead(version))
        {
            error = $"its version is not one of those that this daemon reads, 1 to {Version}";
        }
        else if (document.Length > MaxBytes)
        {
            error = $"it has more than {MaxBytes} bytes";
        }
        else
        {
            try
            {
                state = JsonSerializer.Deserialize(document[(line + 1)..], HandoverJson.Default.HandoverState);
                error = state is null ? "it has no content" : state.Problem() ?? "";
            }
            catch (JsonException e)
            {
                error = e.Message;
            }
        }

        state = error.Length == 0 ? state : null;
        return state is not null;
    }

    /// <summary>The document.</summary>
    public byte[] Write()
    {
        using var buffer = new MemoryStream();
        buffer.Write(Magic);
        buffer.Write(System.Text.Encoding.ASCII.GetBytes($"{Version}\n"));
        JsonSerializer.Serialize(buffer, this, HandoverJson.Default.HandoverState);
        return buffer.ToArray();
    }

    private static bool TryParseVersion(ReadOnlySpan<byte> text, out int version)
        => System.Buffers.Text.Utf8Parser.TryParse(text, out version, out int used) && used == text.Length && text.Length > 0 && char.IsAsciiDigit((char)text[0]);

    /// <summary>What of it makes no sense; null: nothing.</summary>
    private string? Problem()
    {
        if (Writer.Length > LongestText)
        {
            return "the name of its writer is too long";
        }

        if (Descriptors.Count > MostDescriptors)
        {
            return $"it has more than {MostDescriptors} descriptors";
        }

        HashSet<int> numbers = [];
        foreach (HandedNumber descriptor in Descriptors)
        {
            if (descriptor is null || descriptor.Name.Length is 0 or > LongestText || descriptor.Name.Any(static c => c is <= ' ' or >= '\u007f' or ':'))
            {
                return "the name of a descriptor is none";
            }

            if (descriptor.Number < 3 || !numbers.Add(descriptor.Number))
            {
                return $"the number of the descriptor {descriptor.Name} is impossible, or comes twice";
            }
        }

        return Bytes < 0 ? "its bytes are less than none" : Consoles?.Problem(Bytes);
    }
}

/// <summary>A descriptor by its number.</summary>
/// <param name="Name">Says what it is.</param>
/// <param name="Number">In the process that goes on.</param>
/// <param name="Stored">Whether the service manager has a copy under that name.</param>
internal sealed record HandedNumber(string Name, int Number, bool Stored);

// Metadata alone: the generated fast path, which the serializer turns to after some ten documents, writes bytes that are null as empty ones.
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(HandoverState))]
internal sealed partial class HandoverJson : JsonSerializerContext;
