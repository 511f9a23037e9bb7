using System.Text;
using System.Text.Json;

using XcsSharp.Daemon.Handover;
using XcsSharp.Fuzz.Engine;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// What a daemon leaves for the next one. Either it is refused, with a reason; or it is taken, and then written and read again it is the
/// same, every stretch lies inside the file of bytes, and no descriptor and no viewer comes twice. What is left when the consoles that are wrong are
/// left out is such a state, too.
/// </summary>
internal sealed class SavedStateTarget : IFuzzTarget
{
    public int MaxLength => 4096;

    public IEnumerable<byte[]> Seeds =>
    [
        """
        xcsd-state 1
        {"writer":"0.1.0","descriptors":[{"name":"xcs","number":4,"stored":false},{"name":"pty.1.0.x","number":17,"stored":true}]}
        """u8.ToArray(),
        """
        xcsd-state 2
        {"writer":"","descriptors":[],"bytes":9,"consoles":{"lastViewerId":0,"consoles":[]}}
        """u8.ToArray(),
    ];

    public IReadOnlyList<byte[]> Words =>
    [
        "xcsd-state 2\n"u8.ToArray(), "null"u8.ToArray(), "{}"u8.ToArray(), "[]"u8.ToArray(), "true"u8.ToArray(), "-1"u8.ToArray(), "2147483647"u8.ToArray(), "9223372036854775807"u8.ToArray(),
        "1e999"u8.ToArray(), "\"offset\":"u8.ToArray(), "\"length\":"u8.ToArray(), "\"position\":"u8.ToArray(), "\"end\":"u8.ToArray(), "\\ud800"u8.ToArray(), "\"~state\""u8.ToArray(), "65536"u8.ToArray(),
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        if (!HandoverState.TryRead(bytes, out HandoverState? state, out string error))
        {
            Expect.That(error.Length > 0 && state is null, "what is refused is refused with a reason, and whole");
            List<string> wrong = [];
            if (HandoverState.ReadSound(bytes, wrong) is not { } sound)
            {
                return;
            }

            Expect.That(wrong.Count > 0, "what is left out is named");
            state = sound;
        }

        byte[] written = state!.Write();
        Expect.That(HandoverState.TryRead(written, out HandoverState? again, out string problem), $"what was taken and written is taken again: {problem}");
        Expect.Same(written, again!.Write(), "what is written twice is the same");
        Judge(written.AsMemory(written.AsSpan().IndexOf((byte)'\n') + 1));
    }

    public void Dispose()
    {
    }

    /// <summary>A second account, which knows nothing of the records: plain JSON.</summary>
    private static void Judge(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        long length = root.GetProperty("bytes").GetInt64();
        Expect.That(length >= 0, "the file of bytes has no negative length");
        HashSet<int> descriptors = [];
        foreach (JsonElement descriptor in root.GetProperty("descriptors").EnumerateArray())
        {
            int number = descriptor.GetProperty("number").GetInt32();
            Expect.That(number > 2 && descriptors.Add(number), "a descriptor is no standard stream and comes once");
            Expect.That(Encoding.UTF8.GetByteCount(descriptor.GetProperty("name").GetString()!) is > 0 and <= 255, "a name of a descriptor is one of systemd's");
        }

        HashSet<ulong> viewers = [];
        JudgeElement(root, length, viewers);
    }

    private static void JudgeElement(JsonElement element, long length, HashSet<ulong> viewers)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
            {
                JudgeElement(item, length, viewers);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            if (element.TryGetProperty("offset", out JsonElement offset))
            {
                Int128 end = (Int128)offset.GetInt64() + element.GetProperty("length").GetInt32();
                Expect.That(offset.GetInt64() >= 0 && element.GetProperty("length").GetInt32() >= 0 && end <= length, "a stretch is inside the file of bytes");
            }

            if (element.TryGetProperty("reader", out _) && element.TryGetProperty("id", out JsonElement id))
            {
                Expect.That(viewers.Add(id.GetUInt64()), "a viewer comes once");
            }

            foreach (JsonProperty property in element.EnumerateObject())
            {
                JudgeElement(property.Value, length, viewers);
            }
        }
    }
}
