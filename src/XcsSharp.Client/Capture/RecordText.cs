using System.Globalization;
using System.Text;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>
/// A record as one line for people: time, domain, direction (<c>-&gt;</c> from the guest, <c>&lt;-</c> to it), what it
/// is, and its payload's fields. Nothing that a guest sends can break the line or reach the terminal as a sequence.
/// </summary>
public static class RecordText
{
    private const int DomainWidth = 16;
    private const int KindWidth = 8;
    private const int SubjectWidth = 26;

    /// <summary>The line without its end.</summary>
    public static string Line(in CapturedRecord captured) => Line(captured, captured.Decode());

    /// <summary>The line without its end, of a record that is decoded already.</summary>
    public static string Line(in CapturedRecord captured, DecodedPayload payload)
    {
        IFormatProvider invariant = CultureInfo.InvariantCulture;
        StringBuilder line = new(128);
        line.Append(captured.Time.ToString("HH:mm:ss.ffffff", invariant)).Append(' ');
        int start = line.Length;
        AppendDomain(line, captured.DomainName, captured.Domid);
        line.Append(' ', Math.Max(0, DomainWidth - (line.Length - start)));
        line.Append(captured.Direction == MessageDirection.ToGuest ? " <- " : " -> ");
        XcsRecord record = captured.Record;
        if (!captured.HasMessage)
        {
            return AppendOther(line, captured).ToString();
        }

        line.Append(RecordNames.Of(record.Type).PadRight(KindWidth)).Append(' ')
            .Append(RecordNames.Subject(record.Message, payload).PadRight(SubjectWidth))
            .Append(invariant, $" id {record.Message.Id,3} len {record.Message.Length,2}");
        return AppendPayload(line, payload).ToString();
    }

    private static StringBuilder AppendOther(StringBuilder line, in CapturedRecord captured)
    {
        RecordType type = captured.Record.Type;
        line.Append(RecordNames.Of(type).PadRight(KindWidth));
        return type == RecordType.Virq
            ? line.Append(CultureInfo.InvariantCulture, $" port {captured.LocalPort}")
            : line;
    }

    private static StringBuilder AppendPayload(StringBuilder line, DecodedPayload payload)
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

        return line;
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

        // A toolstack may let a domain's owner choose its name.
        ReadableText.AppendEscaped(line, Encoding.UTF8.GetBytes(name));
        line.Append(CultureInfo.InvariantCulture, $"({domid})");
    }
}
