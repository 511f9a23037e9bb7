using System.Globalization;
using System.Text;

using XcsSharp.Protocol.Payloads;

using static XcsSharp.Reference.MarkdownTable;

namespace XcsSharp.Reference;

/// <summary>The payloads of control messages: each field's place in each layout.</summary>
internal sealed class MessageTables(StringBuilder text)
{
    private const string Introduction = """
        ## Payloads

        A message does not say how its sender's compiler laid out its payload: until July 2005 structs were packed, from then on aligned; 32 and 64 bits differ in both.
        A place is `offset:size` in bytes, within the payload; – where there was no such struct. Numbers are little endian. Where a struct had several versions, its size tells
        which one a message has. `word` is an unsigned long.


        """;

    public void Append()
    {
        text.Append(Introduction);
        foreach (IGrouping<string, PayloadDefinition> type in PayloadCatalog.All.GroupBy(static one => PayloadCatalog.TypeName(one.Type) ?? $"{one.Type}"))
        {
            text.Append(CultureInfo.InvariantCulture, $"### {type.Key}, type {(byte)type.First().Type}\n\n");
            foreach (PayloadDefinition message in type.OrderBy(static one => one.Subtype))
            {
                text.Append(CultureInfo.InvariantCulture, $"**{message.Name}**, subtype {message.Subtype}\n\n");
                foreach (PayloadForm form in message.Forms)
                {
                    Append(form);
                }
            }
        }
    }

    private void Append(PayloadForm form)
    {
        text.Append(CultureInfo.InvariantCulture, $"{Code(form.StructName)}, since {form.Since}");
        if (form.IsVariable)
        {
            text.Append(": all bytes of the message, as many as its length says.\n\n");
            return;
        }

        if (form.Fields.Count == 0)
        {
            text.Append(": no payload.\n\n");
            return;
        }

        text.Append("\n\n");
        PayloadAbi[] layouts = [.. PayloadAbis.Names.Select(static (_, number) => (PayloadAbi)number)];
        MarkdownTable.Append(
            text, ["field", "type", .. layouts.Select(static abi => abi.Name()), "values"],
            form.Fields
                .Select((field, number) => (string[])
                [
                    Code(field.Name), KindOf(field.Kind), .. layouts.Select(abi => PlaceOf(form, abi, number)), ValuesOf(field),
                ])
                .Append(["size", "", .. layouts.Select(abi => form.Serves(abi) ? $"{form.SizeOf(abi)}" : "–"), ""]));
    }

    private static string PlaceOf(PayloadForm form, PayloadAbi abi, int number)
    {
        if (!form.Serves(abi))
        {
            return "–";
        }

        FieldPlace place = form.PlacesOf(abi)[number];
        return $"{place.Offset}:{place.Size}";
    }

    private static string KindOf(FieldKind kind) => kind switch
    {
        FieldKind.Character => "character",
        FieldKind.Word or FieldKind.PaddedWord => "word",
        FieldKind.Mac => "Ethernet address",
        FieldKind.Path => "text, up to a NUL",
        _ => kind.ToString().ToLowerInvariant(),
    };

    private static string ValuesOf(PayloadField field) => field.Constants is null
        ? ""
        : string.Join(", ", field.Constants.Select(static (name, value) => (name, value)).Where(static one => one.name is not null).Select(static one => $"{one.value} {one.name}"));
}
