using System.Globalization;
using System.Text.Json;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// Holds a JSON document against one of our schemas. They use few of JSON schema's words, and a word that is not known here is a failure and not passed over.
/// More than a schema asks for: a field that it does not name is a failure too, for then the schema is behind the program.
/// </summary>
internal sealed class SchemaCheck
{
    private static readonly string[] s_ofPeople = ["$schema", "title", "description", "default"];

    private readonly List<string> _faults = [];
    private readonly JsonElement _root;

    private SchemaCheck(JsonElement root)
    {
        _root = root;
    }

    /// <returns>What does not fit, each with its place.</returns>
    public static IReadOnlyList<string> Faults(string schema, string document)
    {
        using JsonDocument rules = JsonDocument.Parse(schema);
        using JsonDocument value = JsonDocument.Parse(document);
        SchemaCheck check = new(rules.RootElement);
        check.Look(rules.RootElement, value.RootElement, "$");
        return check._faults;
    }

    private void Look(JsonElement rules, JsonElement value, string place)
    {
        foreach (JsonProperty rule in rules.EnumerateObject())
        {
            switch (rule.Name)
            {
                case "type":
                    Require(Types(rule.Value).Any(type => IsOf(type, value)), place, $"is {value.ValueKind}, not {rule.Value}");
                    break;
                case "enum":
                    Require(rule.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)), place, $"{value} is none of {rule.Value}");
                    break;
                case "format":
                    Require(rule.Value.GetString() == "date-time" && IsTime(value), place, $"{value} is no {rule.Value}");
                    break;
                case "required":
                    LookForRequired(rule.Value, value, place);
                    break;
                case "properties":
                    LookIntoFields(rule.Value, value, place);
                    break;
                case "items":
                    LookIntoItems(rule.Value, value, place);
                    break;
                case "$ref":
                    Look(Referred(rule.Value.GetString()!), value, place);
                    break;
                default:
                    Require(s_ofPeople.Contains(rule.Name), place, $"the schema's word {rule.Name} is not known to this check");
                    break;
            }
        }
    }

    private void LookForRequired(JsonElement names, JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (string name in names.EnumerateArray().Select(static name => name.GetString()!))
            {
                Require(value.TryGetProperty(name, out _), place, $"has no {name}");
            }
        }
    }

    private void LookIntoFields(JsonElement fields, JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty field in value.EnumerateObject())
            {
                bool isKnown = fields.TryGetProperty(field.Name, out JsonElement rules);
                Require(isKnown, place, $"the schema has no {field.Name}");
                if (isKnown)
                {
                    Look(rules, field.Value, $"{place}.{field.Name}");
                }
            }
        }
    }

    private void LookIntoItems(JsonElement rules, JsonElement value, string place)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            int number = 0;
            foreach (JsonElement item in value.EnumerateArray())
            {
                Look(rules, item, string.Create(CultureInfo.InvariantCulture, $"{place}[{number++}]"));
            }
        }
    }

    /// <summary>What <c>#/properties/daemon</c> names.</summary>
    private JsonElement Referred(string path) => path.Split('/').Skip(1).Aggregate(_root, static (at, name) => at.GetProperty(name));

    private void Require(bool holds, string place, string fault)
    {
        if (!holds)
        {
            _faults.Add($"{place}: {fault}");
        }
    }

    private static IEnumerable<string> Types(JsonElement rule) => rule.ValueKind == JsonValueKind.Array
        ? rule.EnumerateArray().Select(static type => type.GetString()!)
        : [rule.GetString()!];

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetInt64(out _) || value.TryGetUInt64(out _)),
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => false,
    };

    private static bool IsTime(JsonElement value) => value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out _));
}
