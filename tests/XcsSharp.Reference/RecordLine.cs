using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

using XcsSharp.Client.Capture;

using static XcsSharp.Reference.MarkdownTable;

namespace XcsSharp.Reference;

/// <summary>
/// A line of <c>xcsctl dump --json</c>. No serializer writes it but <see cref="RecordJson"/> by hand, so here it is described by hand; the test of real outputs
/// holds the two together.
/// </summary>
internal static class RecordLine
{
    public const string Name = "RecordLine";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private static readonly Field[] s_fields =
    [
        new("time", "string", true, "When it was seen, UTC."),
        new("direction", "string", true, "From or to the guest."),
        new("domid", "integer", true, "The guest; 0 of a record that concerns none."),
        new("name", "string", true, "Its name when the record was seen."),
        new("port", "integer", true, "dom0's end of the channel; 0 if not known."),
        new("record", "string", true, "What kind of record it is."),
        new("type", "integer", false, "Of a message, as all that follows to data: its type."),
        new("type_name", "string", false, "The type's name in the header of 2005; null for none.", MayBeNull: true),
        new("subtype", "integer", false, "Its subtype."),
        new("subtype_name", "string", false, "The subtype's name in that header; null for none.", MayBeNull: true),
        new("id", "integer", false, "Its id."),
        new("length", "integer", false, "The length that it claims; above 60 a lie."),
        new("abi", "string", false, "The layout in which its payload was read."),
        new("struct", "string", false, "The payload's struct in the header; null for none.", MayBeNull: true),
        new("struct_size", "integer", false, "The bytes that this has."),
        new("fit", "string", false, "How the length fits the struct."),
        new("fields", "object", false, "The struct's fields, and NAME_name for values that have a name in the header."),
        new("data", "string", false, "The payload, in hex."),
        new("number", "integer", false, "By which an answer names its request; not there if it has none."),
        new("record_fields", "object", false, "What the record says beside a message."),
    ];

    public static string Schema
    {
        get
        {
            JsonObject properties = [];
            foreach (Field printed in s_fields)
            {
                properties[printed.Name] = new JsonObject
                {
                    ["description"] = printed.Meaning,
                    ["type"] = printed.MayBeNull ? new JsonArray(printed.Type, "null") : JsonValue.Create(printed.Type),
                };
            }

            JsonObject schema = new()
            {
                ["$schema"] = PrintedDocument.Dialect,
                ["title"] = Name,
                ["description"] = "A line of xcsctl dump --json.",
                ["type"] = "object",
                ["properties"] = properties,
                ["required"] = new JsonArray([.. s_fields.Where(static printed => printed.IsAlways).Select(static printed => (JsonNode)printed.Name)]),
            };
            return schema.ToJsonString(s_indented) + "\n";
        }
    }

    public static void AppendTo(StringBuilder text)
    {
        text.Append($"### {Name}\n\nA line of `xcsctl dump --json`. ([schema](Schemas/{Name}.json))\n\n");
        Append(
            text, ["printed", "type", "meaning"],
            s_fields.Select(static printed => (string[])[Code(printed.Name), printed.MayBeNull ? $"{printed.Type}, or null" : printed.Type, printed.Meaning]));
    }

    private sealed record Field(string Name, string Type, bool IsAlways, string Meaning, bool MayBeNull = false);
}
