using System.Text.Json;
using System.Text.Json.Serialization;

using XcsSharp.Consoles;

namespace XcsSharp.Daemon.Handover;

/// <summary>The document that goes with handed descriptors: what they are, and what belongs to them.</summary>
/// <remarks>
/// A first line <c>xcsd-state VERSION</c>, then JSON. A version is never changed once it was released: what is new is a new version, and each reader
/// takes all versions from the first on. It comes from a daemon of ours, and is read as if it came from anybody: what does not fit is refused. So that nothing
/// has to be, its writer reads it first (<see cref="Sound"/>); and if something is all the same, of consoles it is that one (<see cref="ReadSound"/>), and
/// descriptors do not depend on it: sockets, locks and terminals are needed to serve at all.
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

    /// <summary>Left to the descriptors, of which a process has tens of thousands at most.</summary>
    private const int BesideConsoles = 16 << 20;

    /// <summary>As many as a process can have open (fs.nr_open).</summary>
    private const int MostDescriptors = 1 << 20;
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
        if (TryFindJson(document, out ReadOnlySpan<byte> json, out error))
        {
            try
            {
                state = JsonSerializer.Deserialize(json, HandoverJson.Default.HandoverState);
                error = state is null ? "it has no content" : state.Problem() ?? state.Consoles?.Problem(state.Bytes) ?? "";
            }
            catch (JsonException e)
            {
                error = e.Message;
            }
        }

        state = error.Length == 0 ? state : null;
        return state is not null;
    }

    /// <summary>Takes of a document what makes sense: without the consoles that do not, or without all of them where they cannot be told apart.</summary>
    /// <param name="document">All of it.</param>
    /// <param name="wrong">Gets what is wrong with it.</param>
    /// <returns>Null: nothing of it can be used.</returns>
    public static HandoverState? ReadSound(ReadOnlySpan<byte> document, ICollection<string> wrong)
    {
        if (!TryFindJson(document, out ReadOnlySpan<byte> json, out string error))
        {
            wrong.Add(error);
            return null;
        }

        HandoverState? state = ReadApart(json, wrong);
        if ((state is null ? "it has no content" : state.Problem()) is string problem)
        {
            wrong.Add(problem);
            return null;
        }

        return state! with { Consoles = state.Consoles?.Sift(state.Bytes, wrong) };
    }

    /// <summary>What whoever follows will take of it, for it is read as that will read it: nobody is to lose more than what it would refuse.</summary>
    /// <param name="wrong">Gets what is wrong with what is left out.</param>
    public HandoverState Sound(ICollection<string> wrong)
    {
        byte[] document = Write();
        if (document.Length > MaxBytes - BesideConsoles && Consoles is not null)
        {
            document = (this with { Consoles = FittingConsoles(Consoles, wrong) }).Write();
        }

        return ReadSound(document, wrong) ?? this with { Consoles = null };
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

    private static bool TryFindJson(ReadOnlySpan<byte> document, out ReadOnlySpan<byte> json, out string error)
    {
        int line = document[..Math.Min(document.Length, 32)].IndexOf((byte)'\n');
        error = line < 0 || !document.StartsWith(Magic) ? "it does not begin as a state of xcsd"
            : !TryParseVersion(document[Magic.Length..line], out int version) || !CanRead(version) ? $"its version is not one of those that this daemon reads, 1 to {Version}"
            : document.Length > MaxBytes ? $"it has more than {MaxBytes} bytes"
            : "";
        json = error.Length == 0 ? document[(line + 1)..] : default;
        return error.Length == 0;
    }

    /// <summary>All of it where that can be read; otherwise the descriptors, and each console by itself.</summary>
    private static HandoverState? ReadApart(ReadOnlySpan<byte> json, ICollection<string> wrong)
    {
        try
        {
            return JsonSerializer.Deserialize(json, HandoverJson.Default.HandoverState);
        }
        catch (JsonException whole)
        {
            wrong.Add(whole.Message);
        }

        try
        {
            HandoverFrame? frame = JsonSerializer.Deserialize(json, HandoverJson.Default.HandoverFrame);
            return frame is null ? null : new HandoverState(frame.Writer, frame.Descriptors, frame.Bytes, ReadConsoles(json));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second one: a name that is half of a character.
            return null;
        }
    }

    private static ConsolesState? ReadConsoles(ReadOnlySpan<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json.ToArray());
        if (!document.RootElement.TryGetProperty("consoles", out JsonElement all)
            || all.ValueKind != JsonValueKind.Object
            || !all.TryGetProperty("lastViewerId", out JsonElement last)
            || last.ValueKind != JsonValueKind.Number
            || !last.TryGetUInt64(out ulong lastViewerId)
            || !all.TryGetProperty("consoles", out JsonElement each)
            || each.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        List<ConsoleState> consoles = [];
        foreach (JsonElement one in each.EnumerateArray())
        {
            try
            {
                if (one.Deserialize(HandoverJson.Default.ConsoleState) is { } console)
                {
                    consoles.Add(console);
                }
            }
            catch (JsonException)
            {
                // The first one was named when all were read at once.
            }
        }

        return new ConsolesState(lastViewerId, consoles);
    }

    /// <summary>As many as there is room for: the largest are left out, and the many others stay.</summary>
    private static ConsolesState FittingConsoles(ConsolesState all, ICollection<string> wrong)
    {
        long room = MaxBytes - BesideConsoles - (1 << 10);
        HashSet<ConsoleState> fitting = new(ReferenceEqualityComparer.Instance);
        foreach ((ConsoleState console, int length) in all.Consoles
            .Select(static console => (Console: console, Length: JsonSerializer.SerializeToUtf8Bytes(console, HandoverJson.Default.ConsoleState).Length + 1))
            .OrderBy(static sized => sized.Length))
        {
            room -= length;
            if (room < 0)
            {
                break;
            }

            _ = fitting.Add(console);
        }

        wrong.Add($"{all.Consoles.Count} consoles are more than a state has room for, so the {all.Consoles.Count - fitting.Count} largest are missing");
        return all with { Consoles = [.. all.Consoles.Where(fitting.Contains)] };
    }

    private static bool TryParseVersion(ReadOnlySpan<byte> text, out int version)
        => System.Buffers.Text.Utf8Parser.TryParse(text, out version, out int used) && used == text.Length && text.Length > 0 && char.IsAsciiDigit((char)text[0]);

    /// <summary>What of it makes no sense, consoles apart; null: nothing.</summary>
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

        return Bytes < 0 ? "its bytes are less than none" : null;
    }
}

/// <summary>A descriptor by its number.</summary>
/// <param name="Name">Says what it is.</param>
/// <param name="Number">In the process that goes on.</param>
/// <param name="Stored">Whether the service manager has a copy under that name.</param>
internal sealed record HandedNumber(string Name, int Number, bool Stored);

/// <summary>A document of which something can not be read, without its consoles.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record HandoverFrame(string Writer, IReadOnlyList<HandedNumber> Descriptors, long Bytes = 0);

// Metadata alone: the generated fast path, which the serializer turns to after some ten documents, writes bytes that are null as empty ones.
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(HandoverState))]
[JsonSerializable(typeof(HandoverFrame))]
internal sealed partial class HandoverJson : JsonSerializerContext;
