using System.Buffers.Binary;
using System.Text;

namespace XcsSharp.Exporter.Tests.Otlp;

/// <summary>
/// A message of protocol buffers taken apart by hand, field by number, without the schema and the library that the exporter writes with.
/// </summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Number, ulong Value, byte[]? Bytes)> _fields = [];

    /// <exception cref="FormatException">It is none.</exception>
    public ProtoMessage(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ulong tag = Varint(ref bytes);
            int number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    _fields.Add((number, Varint(ref bytes), null));
                    break;
                case 1:
                    _fields.Add((number, BinaryPrimitives.ReadUInt64LittleEndian(Cut(ref bytes, 8)), null));
                    break;
                case 2:
                    _fields.Add((number, 0, Cut(ref bytes, (int)Varint(ref bytes)).ToArray()));
                    break;
                default:
                    throw new FormatException($"field {number} has the wire type {tag & 7}, which OTLP does not use");
            }
        }
    }

    public IEnumerable<ProtoMessage> All(int number) => _fields.Where(field => field.Number == number).Select(static field => new ProtoMessage(field.Bytes));

    /// <summary>The only message of that number, or null.</summary>
    public ProtoMessage? Find(int number) => All(number).SingleOrDefault();

    /// <summary>The fields one in the other: each of them is there once.</summary>
    public ProtoMessage Inside(params int[] numbers)
        => numbers.Aggregate(this, static (message, number) => message.Find(number) ?? throw new FormatException($"there is no field {number}"));

    public string Text(int number) => Encoding.UTF8.GetString(_fields.SingleOrDefault(field => field.Number == number).Bytes ?? []);

    public ulong Number(int number) => _fields.SingleOrDefault(field => field.Number == number).Value;

    public double Double(int number) => BitConverter.UInt64BitsToDouble(Number(number));

    public bool Has(int number) => _fields.Any(field => field.Number == number);

    /// <summary>Numbers of eight bytes each, packed into one field.</summary>
    public IEnumerable<ulong> Packed(int number)
        => (_fields.SingleOrDefault(field => field.Number == number).Bytes ?? []).Chunk(8).Select(static eight => BinaryPrimitives.ReadUInt64LittleEndian(eight));

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Cut(ref bytes, 1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new FormatException("a number of more than 64 bits");
    }

    private static ReadOnlySpan<byte> Cut(ref ReadOnlySpan<byte> bytes, int count)
    {
        if (count < 0 || count > bytes.Length)
        {
            throw new FormatException("a field that is longer than its message");
        }

        ReadOnlySpan<byte> cut = bytes[..count];
        bytes = bytes[count..];
        return cut;
    }
}
