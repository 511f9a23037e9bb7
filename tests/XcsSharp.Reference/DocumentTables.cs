using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json.Serialization.Metadata;

using static XcsSharp.Reference.MarkdownTable;

namespace XcsSharp.Reference;

/// <summary>The fields of the JSON documents, and of what they hold.</summary>
internal sealed class DocumentTables(StringBuilder text, DocComments comments, IReadOnlyList<PrintedDocument> documents)
{
    private static readonly NullabilityInfoContext s_nullability = new();

    private readonly HashSet<Type> _described = [];

    public void Append()
    {
        text.Append("## Documents\n\n");
        text.Append("What the daemon answers and `xcsctl --json` prints: a document a line. A later version may have more fields, and a reader passes over what it does not know.\n\n");
        MarkdownTable.Append(
            text, ["printed by", "document"],
            JsonOutputs.All.Select(static output => (string[])[Code($"xcsctl {output.Command} --json"), Link(output.Document)]));
        foreach (PrintedDocument document in documents)
        {
            text.Append(CultureInfo.InvariantCulture, $"### {document.Name}\n\n");
            text.Append(comments.Summary(document.Info.Type)).Append(CultureInfo.InvariantCulture, $" ([schema](Schemas/{document.FileName}))\n\n");
            Describe(document.Info);
        }

        RecordLine.AppendTo(text);
    }

    private static string Link(string document) => $"[{document}](#{document.ToLowerInvariant()})";

    /// <summary>The fields of a type, then those of the types that it holds; each type once.</summary>
    private void Describe(JsonTypeInfo info)
    {
        if (!_described.Add(info.Type))
        {
            return;
        }

        MarkdownTable.Append(
            text, ["field", "type", "meaning"],
            info.Properties.Select(property => (string[])[Code(property.Name), TypeName(property), SentenceOf(property)]));
        foreach (JsonTypeInfo inner in info.Properties.Select(property => info.Options.GetTypeInfo(ElementOf(property.PropertyType))))
        {
            if (inner.Kind == JsonTypeInfoKind.Object && !_described.Contains(inner.Type) && documents.All(document => document.Info.Type != inner.Type))
            {
                text.Append(CultureInfo.InvariantCulture, $"**{inner.Type.Name}**: {comments.Summary(inner.Type)}\n\n");
                Describe(inner);
            }
        }
    }

    private string SentenceOf(JsonPropertyInfo property) => comments.Summary((PropertyInfo)property.AttributeProvider!);

    private string TypeName(JsonPropertyInfo property)
    {
        Type type = property.PropertyType;
        Type element = ElementOf(type);
        string name = NameOf(Nullable.GetUnderlyingType(element) ?? element);
        if (element != type)
        {
            name = $"list of {name}";
        }

        bool mayBeNull = Nullable.GetUnderlyingType(type) is not null
            || s_nullability.Create((PropertyInfo)property.AttributeProvider!).ReadState == NullabilityState.Nullable;
        return mayBeNull ? $"{name}, or null" : name;
    }

    private string NameOf(Type type) => type switch
    {
        { IsEnum: true } => string.Join(", ", Enum.GetNames(type).Select(static name => $"`\"{name}\"`")),
        _ when type == typeof(string) => "text",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(double) => "number",
        _ when type == typeof(DateTimeOffset) => "time (ISO 8601)",
        _ when type.IsPrimitive => "whole number",
        _ when documents.Any(document => document.Info.Type == type) => Link(type.Name),
        _ => type.Name,
    };

    private static Type ElementOf(Type type) => type != typeof(string) && type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type)
        ? type.GetGenericArguments()[^1]
        : type;
}
