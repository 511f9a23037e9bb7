using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace XcsSharp.Reference;

/// <summary>A JSON document that the daemon or xcsctl writes, as its serializer is told to write it.</summary>
internal sealed class PrintedDocument
{
    public const string Dialect = "https://json-schema.org/draft/2020-12/schema";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private PrintedDocument(JsonTypeInfo info, DocComments comments)
    {
        Info = info;
        Schema = MakeSchema(info, comments);
    }

    public JsonTypeInfo Info { get; }

    public string Name => Info.Type.Name;

    public string FileName => Name + ".json";

    /// <summary>Its JSON schema, with the sentences of the doc comments.</summary>
    public string Schema { get; }

    /// <summary>All that any source-generated serializer of the product is for, in the order of their names.</summary>
    public static IReadOnlyList<PrintedDocument> All(DocComments comments) =>
    [
        .. Sources.Assemblies.SelectMany(static assembly => assembly.GetTypes())
            .Where(static type => type.IsSubclassOf(typeof(JsonSerializerContext)))
            .SelectMany(static type => RootsOf(type))
            .OrderBy(static info => info.Type.Name, StringComparer.Ordinal)
            .Select(info => new PrintedDocument(info, comments)),
    ];

    private static IEnumerable<JsonTypeInfo> RootsOf(Type context)
    {
        JsonSerializerContext made = (JsonSerializerContext)context.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        return context.GetCustomAttributesData()
            .Where(static attribute => attribute.AttributeType == typeof(JsonSerializableAttribute))
            .Select(attribute => made.GetTypeInfo((Type)attribute.ConstructorArguments[0].Value!)!);
    }

    private static string MakeSchema(JsonTypeInfo info, DocComments comments)
    {
        JsonSchemaExporterOptions options = new()
        {
            // None of our documents is null, and nor is a field of it that is not declared so.
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => Describe(context, node, comments),
        };
        JsonObject schema = (JsonObject)info.GetJsonSchemaAsNode(options);
        JsonObject whole = new() { ["$schema"] = Dialect, ["title"] = info.Type.Name };
        foreach ((string key, JsonNode? value) in schema.ToArray())
        {
            schema.Remove(key);
            whole[key] = value;
        }

        return whole.ToJsonString(s_indented) + "\n";
    }

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode node, DocComments comments)
    {
        string sentence = context.PropertyInfo?.AttributeProvider is PropertyInfo property ? comments.Summary(property)
            : context.Path.Length == 0 ? comments.Summary(context.TypeInfo.Type)
            : "";
        if (node is JsonObject described && sentence.Length > 0)
        {
            described.Insert(0, "description", JsonValue.Create(sentence.Replace("`", "", StringComparison.Ordinal)));
        }

        return node;
    }
}
