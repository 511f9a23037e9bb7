using System.Buffers;
using System.Text;
using System.Text.Json;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Client.Capture;

/// <summary>
/// Records as JSON, one object a line. Output is ASCII: a guest's text reaches a terminal as escapes only.
/// </summary>
/// <remarks>
/// <c>data</c> is the payload in hex, exactly; <c>fields.text</c> of a console message is its UTF-8 with U+FFFD for what is
/// none. A field whose value has a name in the public header is followed by <c>NAME_name</c>. Numbers go up to 2^64-1.
/// <c>record_fields</c> is what a record says beside a message.
/// </remarks>
public sealed class RecordJson : IDisposable
{
    private readonly Stream _output;
    private readonly ArrayBufferWriter<byte> _line = new(1024);
    private readonly Utf8JsonWriter _json;

    /// <param name="output">Stays the caller's.</param>
    public RecordJson(Stream output)
    {
        _output = output;
        _json = new Utf8JsonWriter(_line);
    }

    /// <summary>Writes one line, with one write.</summary>
    public void Write(in CapturedRecord captured) => Write(captured, captured.Decode());

    /// <summary>Writes one line of a record that is decoded already.</summary>
    public void Write(in CapturedRecord captured, DecodedPayload payload)
    {
        _line.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
        _json.WriteString("time", captured.Time.UtcDateTime);
        _json.WriteString("direction", RecordNames.Of(captured.Direction));
        _json.WriteNumber("domid", captured.Domid);
        _json.WriteString("name", captured.DomainName);
        _json.WriteNumber("port", captured.LocalPort);
        _json.WriteString("record", RecordNames.Of(captured.Record.Type));
        if (captured.HasMessage)
        {
            WriteMessage(captured.Record.Message, payload);
            WritePayload(captured.Abi, payload);
        }

        WriteRecord(captured);

        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
        _output.Write(_line.WrittenSpan);
    }

    public void Dispose() => _json.Dispose();

    private void WriteMessage(in ControlMessage message, DecodedPayload payload)
    {
        string? type = PayloadCatalog.TypeName(message.Type) is string name ? "CMSG_" + name : null;
        _json.WriteNumber("type", (byte)message.Type);
        _json.WriteString("type_name", type);
        _json.WriteNumber("subtype", message.Subtype);
        _json.WriteString("subtype_name", payload.Definition is { } known ? $"{type}_{known.Name}" : null);
        _json.WriteNumber("id", message.Id);
        _json.WriteNumber("length", message.Length);
    }

    private void WritePayload(PayloadAbi abi, DecodedPayload payload)
    {
        _json.WriteString("abi", abi.Name());
        _json.WriteString("struct", payload.Form?.StructName);
        _json.WriteNumber("struct_size", payload.StructSize);
        _json.WriteString("fit", RecordNames.Of(payload.Fit));
        _json.WriteStartObject("fields");
        foreach (FieldValue value in payload.Fields)
        {
            WriteField(value);
        }

        _json.WriteEndObject();
        _json.WriteString("data", Convert.ToHexStringLower(payload.Data.Span));
    }

    private void WriteRecord(in CapturedRecord captured)
    {
        if (RecordFields.NumberOf(captured) is not 0 and uint number)
        {
            _json.WriteNumber("number", number);
        }

        // A message's own fields are called that too, so what an undelivered one has besides stands beside them.
        RecordField[] fields = RecordFields.Of(captured);
        if (fields.Length == 0)
        {
            return;
        }

        _json.WriteStartObject("record_fields");
        foreach (RecordField field in fields)
        {
            WriteField(field);
        }

        _json.WriteEndObject();
    }

    private void WriteField(in RecordField field)
    {
        if (field.Text is not null)
        {
            _json.WriteString(field.Name, field.Text);
            return;
        }

        if (field.Number >= 0)
        {
            _json.WriteNumber(field.Name, (ulong)field.Number);
        }
        else
        {
            _json.WriteNumber(field.Name, (long)field.Number);
        }

        if (field.Word is not null)
        {
            _json.WriteString(field.Name + "_name", field.Word);
        }
    }

    private void WriteField(in FieldValue value)
    {
        string name = value.Field.Name;
        switch (value.Field.Kind)
        {
            case FieldKind.S32:
                _json.WriteNumber(name, value.Signed);
                break;
            case FieldKind.Character:
                _json.WriteString(name, ((char)value.Number).ToString());
                break;
            case FieldKind.Mac:
                _json.WriteString(name, value.ToString());
                break;
            case FieldKind.Path or FieldKind.Text:
                _json.WriteString(name, Encoding.UTF8.GetString(value.TextBytes));
                break;
            default:
                _json.WriteNumber(name, value.Number);
                if (value.ConstantName is string constant)
                {
                    _json.WriteString(name + "_name", constant);
                }

                break;
        }
    }
}
