using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace XcsSharp.Reference;

/// <summary>The sentences of doc comments as Markdown, from the XML files that the compiler puts beside the assemblies.</summary>
internal sealed partial class DocComments
{
    private readonly Dictionary<string, XElement> _members = [];

    /// <exception cref="FileNotFoundException">An assembly has no such file beside it.</exception>
    public DocComments()
    {
        foreach (Assembly assembly in Sources.Assemblies)
        {
            string file = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
            foreach (XElement member in XDocument.Load(file, LoadOptions.PreserveWhitespace).Descendants("member"))
            {
                _members[member.Attribute("name")!.Value] = member;
            }
        }
    }

    /// <summary>The sentence of a type; empty if it has none.</summary>
    public string Summary(Type type) => Text($"T:{NameOf(type)}", "summary");

    /// <summary>What stands below the summary, a paragraph a string.</summary>
    public IReadOnlyList<string> Remarks(Type type)
    {
        XElement? remarks = Element($"T:{NameOf(type)}", "remarks");
        if (remarks is null)
        {
            return [];
        }

        // What stands before the first <para> is a paragraph too.
        XElement[] paragraphs = [.. remarks.Elements("para")];
        string first = Flatten(remarks.Nodes().Where(static node => node is not XElement { Name.LocalName: "para" }));
        return [.. paragraphs.Select(static one => Flatten(one.Nodes())).Prepend(first).Where(static text => text.Length > 0)];
    }

    public string Summary(FieldInfo field) => Text($"F:{NameOf(field.DeclaringType!)}.{field.Name}", "summary");

    /// <summary>The sentence of a property; of a record's parameter, that of the parameter.</summary>
    public string Summary(PropertyInfo property)
    {
        string own = Text($"P:{NameOf(property.DeclaringType!)}.{property.Name}", "summary");
        return own.Length > 0 ? own : Parameter(property.DeclaringType!, property.Name);
    }

    private string Parameter(Type record, string name)
    {
        string type = NameOf(record);
        IEnumerable<XElement> places = _members
            .Where(member => member.Key == $"T:{type}" || member.Key.StartsWith($"M:{type}.#ctor(", StringComparison.Ordinal))
            .Select(static member => member.Value);
        XElement? found = places.SelectMany(static place => place.Elements("param")).FirstOrDefault(param => (string?)param.Attribute("name") == name);
        return found is null ? "" : Flatten(found.Nodes());
    }

    private string Text(string member, string element) => Element(member, element) is { } found ? Flatten(found.Nodes()) : "";

    private XElement? Element(string member, string element) => _members.GetValueOrDefault(member)?.Element(element);

    private static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    private static string Flatten(IEnumerable<XNode> nodes)
    {
        StringBuilder text = new();
        foreach (XNode node in nodes)
        {
            switch (node)
            {
                case XText plain:
                    text.Append(plain.Value);
                    break;
                case XElement { Name.LocalName: "see" } see:
                    text.Append('`').Append(ShortName((string?)see.Attribute("cref") ?? (string)see.Attribute("langword")!)).Append('`');
                    break;
                case XElement { Name.LocalName: "c" } code:
                    text.Append('`').Append(code.Value).Append('`');
                    break;
                case XElement { Name.LocalName: "paramref" } parameter:
                    text.Append('`').Append((string)parameter.Attribute("name")!).Append('`');
                    break;
                case XElement other:
                    text.Append(Flatten(other.Nodes()));
                    break;
            }
        }

        return Space().Replace(text.ToString(), " ").Trim();
    }

    /// <summary>Of <c>F:XcsSharp.Protocol.ProtocolLimits.PortWildcard</c> the last two names, of a type the last one.</summary>
    private static string ShortName(string reference)
    {
        string[] names = reference[(reference.IndexOf(':', StringComparison.Ordinal) + 1)..].Split('(')[0].Split('.');
        return reference.StartsWith("T:", StringComparison.Ordinal) || names.Length < 2 ? names[^1] : $"{names[^2]}.{names[^1]}";
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
