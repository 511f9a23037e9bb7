using System.Globalization;
using System.Text;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>
/// A record as one line for people: time, domain, direction (<c>-&gt;</c> from the guest, <c>&lt;-</c> to it), what it
/// is, and its payload's fields. Nothing that a guest sends can break the line, reach the terminal as a sequence, or look
/// like another column.
/// </summary>
public static class RecordText
{
    /// <summary>Columns of the time, which is the same in each line.</summary>
    public const int TimeWidth = 15;

    /// <summary>So that 60 letters of a console, with what is before them, are one line of 80 columns.</summary>
    private const int WrappedIndent = 4;

    private const int DomainWidth = 16;
    private const int KindWidth = 8;
    private const int SubjectWidth = 26;

    /// <summary>The line without its end.</summary>
    public static string Line(in CapturedRecord captured) => Line(captured, captured.Decode());

    /// <summary>The line without its end, of a record that is decoded already.</summary>
    public static string Line(in CapturedRecord captured, DecodedPayload payload)
        => Head(captured, payload).Append(Details(captured, payload)).ToString();

    /// <summary>The record for a terminal of that many columns: one line if it fits; otherwise who and what in the first,
    /// and the rest below it, indented. No line is wider, unless the terminal has less than 40 columns.</summary>
    /// <returns>Lines with <c>\n</c> between them, and none behind the last.</returns>
    public static string Wrapped(in CapturedRecord captured, DecodedPayload payload, int columns)
    {
        StringBuilder head = Head(captured, payload);
        string details = Details(captured, payload);
        string line = $"{head}{details}";
        return TextColumns.Of(line) <= columns
            ? line
            : TextColumns.Wrap([head.ToString().TrimEnd(), details.TrimStart()], columns, WrappedIndent);
    }

    private static StringBuilder Head(in CapturedRecord captured, DecodedPayload payload)
    {
        StringBuilder line = new(128);
        line.Append(captured.Time.ToString("HH:mm:ss.ffffff", CultureInfo.InvariantCulture)).Append(' ');
        int start = line.Length;
        AppendDomain(line, captured.DomainName, captured.Domid);
        line.Append(' ', Math.Max(0, DomainWidth - (line.Length - start)));
        line.Append(captured.Direction == MessageDirection.ToGuest ? " <- " : " -> ")
            .Append(RecordNames.Of(captured.Record.Type).PadRight(KindWidth));
        return captured.HasMessage
            ? line.Append(' ').Append(RecordNames.Subject(captured.Record.Message, payload).PadRight(SubjectWidth))
            : line;
    }

    private static string Details(in CapturedRecord captured, DecodedPayload payload)
    {
        StringBuilder line = new();
        if (captured.HasMessage)
        {
            ControlMessage message = captured.Record.Message;
            line.Append(CultureInfo.InvariantCulture, $" id {message.Id,3} len {message.Length,2}");
            AppendPayload(line, payload);
        }

        switch (captured.Record.Type)
        {
            case RecordType.Virq:
                line.Append(CultureInfo.InvariantCulture, $" port {captured.LocalPort}");
                break;
            case RecordType.Gap:
                line.Append(CultureInfo.InvariantCulture, $" [gap: {captured.Record.Lost} records]");
                break;
            default:
                AppendRecord(line, captured);
                break;
        }

        return line.ToString();
    }

    private static void AppendRecord(StringBuilder line, in CapturedRecord captured)
    {
        foreach (RecordField field in RecordFields.Of(captured))
        {
            line.Append(' ').Append(field.Name).Append('=');
            if (field.Text is not null)
            {
                ReadableText.AppendQuoted(line, Encoding.UTF8.GetBytes(field.Text), '"');
            }
            else if (field.Word is not null)
            {
                line.Append(CultureInfo.InvariantCulture, $"{field.Word}({field.Number})");
            }
            else
            {
                line.Append(CultureInfo.InvariantCulture, $"{field.Number}");
            }
        }

        if (RecordFields.NumberOf(captured) is not 0 and uint number)
        {
            line.Append(CultureInfo.InvariantCulture, $" #{number}");
        }
    }

    private static void AppendPayload(StringBuilder line, DecodedPayload payload)
    {
        foreach (FieldValue value in payload.Fields)
        {
            line.Append(' ');
            if (value.Field.Kind != FieldKind.Text)
            {
                line.Append(value.Field.Name).Append('=');
            }

            value.AppendTo(line);
        }

        AppendMisfit(line, payload);
        if (payload.ClaimedLength > payload.Data.Length)
        {
            line.Append(CultureInfo.InvariantCulture, $" [claims {payload.ClaimedLength} bytes, a message has 60]");
        }
    }

    private static void AppendMisfit(StringBuilder line, DecodedPayload payload)
    {
        ReadOnlySpan<byte> data = payload.Data.Span;
        switch (payload.Fit)
        {
            case PayloadFit.Unknown when !data.IsEmpty:
                line.Append(' ').Append(Convert.ToHexStringLower(data));
                break;
            case PayloadFit.Short:
                line.Append(CultureInfo.InvariantCulture, $" [short: {data.Length} of {payload.StructSize} bytes]");
                break;
            case PayloadFit.Long:
                line.Append(" [surplus: ").Append(Convert.ToHexStringLower(data[payload.StructSize..])).Append(']');
                break;
            default:
                break;
        }
    }

    private static void AppendDomain(StringBuilder line, string name, uint domid)
    {
        if (name.Length == 0)
        {
            line.Append(CultureInfo.InvariantCulture, $"dom{domid}");
            return;
        }

        // A toolstack may let a domain's owner choose its name. One that could be taken for more than a name is quoted.
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        if (name.Any(letter => char.IsWhiteSpace(letter) || letter is '"' or '(' or ')'))
        {
            ReadableText.AppendQuoted(line, utf8, '"');
        }
        else
        {
            ReadableText.AppendEscaped(line, utf8);
        }

        line.Append(CultureInfo.InvariantCulture, $"({domid})");
    }
}
