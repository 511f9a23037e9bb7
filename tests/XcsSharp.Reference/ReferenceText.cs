using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;

using static XcsSharp.Reference.MarkdownTable;

namespace XcsSharp.Reference;

/// <summary>REFERENCE.md as a whole: what a program that speaks with the daemon has to know of numbers and names.</summary>
internal sealed class ReferenceText(DocComments comments, IReadOnlyList<PrintedDocument> documents)
{
    private const string Head = """
        # Reference of the protocols

        Made from the code by `./build.sh docs`; do not edit it. What the words mean beside each other, and how a client opts in to the extensions, is in
        [README.md](README.md); JSON schemas of the documents are in [Schemas](Schemas).


        """;

    private readonly StringBuilder _text = new(Head);

    /// <exception cref="InvalidOperationException">It has been made already.</exception>
    public string Make()
    {
        if (_text.Length != Head.Length)
        {
            throw new InvalidOperationException("a reference is made once");
        }

        Records();
        new MessageTables(_text).Append();
        ConsoleSocket();
        new DocumentTables(_text, comments, documents).Append();
        ExitCodes();
        return _text.ToString().TrimEnd('\n') + "\n";
    }

    private void Records()
    {
        _text.Append("## Records on the xcs sockets\n\n").Append(comments.Summary(typeof(XcsRecord))).Append("\n\n");
        Paragraphs(typeof(XcsRecord));
        Layout(typeof(XcsRecord));
        Values("Types of records", typeof(RecordType));
        Values("Results", typeof(RecordResult));
        Values("Write locks", typeof(WriteLockAction));
        Values("Extensions", typeof(Extensions));
        Values("Reasons of what went nowhere", typeof(UndeliveredReason));
        Values("News of domains", typeof(DomainNewsKind));
        _text.Append("### Numbers of records\n\n");
        Constants([.. Sources.ConstantsOf(typeof(XcsRecord)), .. Sources.ConstantsOf(typeof(RecordName))], qualified: true);

        _text.Append("## Control messages\n\n").Append(comments.Summary(typeof(ControlMessage))).Append("\n\n");
        Layout(typeof(ControlMessage));
        Values("Types of messages", typeof(MessageType));
        _text.Append("## Limits\n\n").Append(comments.Summary(typeof(ProtocolLimits))).Append("\n\n");
        Constants(Sources.ConstantsOf(typeof(ProtocolLimits)), qualified: false);
    }

    private void ConsoleSocket()
    {
        _text.Append("## The console socket\n\n").Append(comments.Summary(typeof(OperatorProtocol))).Append("\n\n");
        Paragraphs(typeof(OperatorProtocol));
        foreach (Type type in Sources.ConstantClassesBeside(typeof(OperatorProtocol)))
        {
            string title = type == typeof(OperatorProtocol) ? "Words" : type == typeof(OperatorError) ? "Errors" : type.Name;
            _text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n");
            if (type != typeof(OperatorProtocol))
            {
                _text.Append(comments.Summary(type)).Append("\n\n");
            }

            Constants(Sources.ConstantsOf(type), qualified: false);
        }
    }

    private void ExitCodes()
    {
        _text.Append("## xcsctl's exit codes\n\n").Append(comments.Summary(Sources.ExitCodes)).Append("\n\n");
        Append(
            _text, ["code", "name", "meaning"],
            Sources.ConstantsOf(Sources.ExitCodes).Select(field => (string[])[ValueOf(field), field.Name, comments.Summary(field)]));
    }

    private void Paragraphs(Type type)
    {
        foreach (string paragraph in comments.Remarks(type))
        {
            _text.Append(paragraph).Append("\n\n");
        }
    }

    /// <summary>Where a struct's fields lie; those of a union several at one place.</summary>
    private void Layout(Type type) => Append(
        _text, ["offset", "size", "type", "field", "meaning"],
        Sources.FieldsOf(type)
            .Select(field => (Offset: (int)Marshal.OffsetOf(type, field.Name), Field: field))
            .OrderBy(static place => place.Offset)
            .Select(place => (string[])
            [
                $"{place.Offset}", $"{SizeOf(place.Field.FieldType)}", TypeName(place.Field.FieldType), Code(place.Field.Name), comments.Summary(place.Field),
            ]));

    private void Values(string title, Type type)
    {
        _text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n").Append(comments.Summary(type)).Append("\n\n");
        Append(
            _text, ["value", "name", "meaning"],
            Sources.ConstantsOf(type).Select(field => (string[])[ValueOf(field), field.Name, comments.Summary(field)]));
    }

    private void Constants(IEnumerable<FieldInfo> fields, bool qualified) => Append(
        _text, ["value", "name", "meaning"],
        fields.Select(field => (string[])[ValueOf(field), qualified ? $"{field.DeclaringType!.Name}.{field.Name}" : field.Name, comments.Summary(field)]));

    private static string ValueOf(FieldInfo field) => field.GetRawConstantValue() switch
    {
        string word => Code(Visible(word)),
        char letter => Code(letter.ToString()),
        uint number when number > 0xffff => $"0x{number:x}",
        uint number when field.DeclaringType == typeof(RecordType) && number >= 0x100 => $"0x{number:x}",
        int number when number < 0 => string.Create(CultureInfo.InvariantCulture, $"0x{number:x} ({number})"),
        ushort number when number > 0xff00 => $"0x{number:x}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => throw new NotSupportedException($"a constant of {field.FieldType}: {field.Name}"),
    };

    /// <summary>Control characters as a program writes them.</summary>
    private static string Visible(string word) => string.Concat(word.Select(static letter => char.IsControl(letter) ? $"\\x{(int)letter:x2}" : letter.ToString()));

    private static int SizeOf(Type type) => Marshal.SizeOf(type.IsEnum ? type.GetEnumUnderlyingType() : type);

    private static string TypeName(Type type)
    {
        Type plain = type.IsEnum ? type.GetEnumUnderlyingType() : type;
        string number = Type.GetTypeCode(plain) switch
        {
            TypeCode.Byte => "u8",
            TypeCode.UInt16 => "u16",
            TypeCode.Int32 => "s32",
            TypeCode.UInt32 => "u32",
            TypeCode.UInt64 => "u64",
            TypeCode.Object => $"{SizeOf(plain)} bytes",
            TypeCode other => throw new NotSupportedException($"a field of {other}"),
        };
        return plain == type && Type.GetTypeCode(plain) != TypeCode.Object ? number : $"{number}, {type.Name}";
    }
}
