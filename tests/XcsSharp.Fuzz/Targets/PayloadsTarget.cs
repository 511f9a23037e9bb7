using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

using XcsSharp.Client.Capture;
using XcsSharp.Fuzz.Engine;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// A record with a control message in it, decoded in every layout and written as text and as JSON, as <c>xcsctl dump</c> shows it: nothing
/// a guest says may reach the terminal as it is, and what is decoded is what is encoded.
/// </summary>
internal sealed class PayloadsTarget : IFuzzTarget
{
    private readonly MemoryStream _output = new();
    private readonly RecordJson _json;

    public PayloadsTarget()
    {
        _json = new RecordJson(_output);
    }

    public int MaxLength => 90;

    public IEnumerable<byte[]> Seeds => PayloadCatalog.All.Select(static definition => Seed((byte)definition.Type, definition.Subtype));

    public IReadOnlyList<byte[]> Words => [.. Enumerable.Range(0, 4).Select(static abi => new[] { (byte)abi }), "\e]0;x\u0007"u8.ToArray(), "\u202e"u8.ToArray(), [0xff, 0xfe]];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        PayloadAbi abi = (PayloadAbi)(input.Byte() % 5);
        MessageDirection direction = (MessageDirection)(input.Byte() % 2);
        XcsRecord record = default;
        input.Take(ProtocolLimits.RecordSize).CopyTo(MemoryMarshal.AsBytes(new Span<XcsRecord>(ref record)));
        DecodedPayload decoded = DecodedPayload.Decode(record.Message, abi);
        JudgeDecoded(record.Message, abi, decoded);
        string name = Encoding.UTF8.GetString(record.Message.Data[..Math.Min(8, record.Message.Data.Length)]);
        JudgeShown(direction == MessageDirection.FromGuest
            ? CapturedRecord.Received(record, DateTimeOffset.UnixEpoch, name, abi)
            : CapturedRecord.Sent(record, DateTimeOffset.UnixEpoch, 16, name, abi));
    }

    public void Dispose()
    {
        _json.Dispose();
        _output.Dispose();
    }

    private static byte[] Seed(byte type, byte subtype)
    {
        byte[] seed = new byte[82];
        seed[0] = (byte)(subtype % 4);
        seed[2] = (byte)RecordType.Request;
        seed[18] = type;
        seed[19] = subtype;
        seed[21] = (byte)(type == 0 ? 5 : 60);
        return seed;
    }

    private static void JudgeDecoded(in ControlMessage message, PayloadAbi abi, DecodedPayload decoded)
    {
        Expect.Same(message.Data, decoded.Data.Span, "the valid bytes");
        Expect.Equal((int)message.Length, decoded.ClaimedLength, "the claimed length");
        if (decoded.Form is not { } form)
        {
            Expect.That(decoded.Fit == PayloadFit.Unknown && decoded.Fields.Count == 0, "what is not known has no fields");
            return;
        }

        foreach (FieldValue value in decoded.Fields)
        {
            JudgeText(value.ToString());
        }

        if (decoded.Fit == PayloadFit.Whole)
        {
            byte[] encoded = form.Encode(abi, [.. decoded.Fields]);
            Expect.Equal(decoded.Data.Length, encoded.Length, "what is encoded is as long as what was decoded");
            DecodedPayload again = DecodedPayload.Decode(ControlMessage.Create(message.Type, message.Subtype, message.Id, encoded), abi);
            Expect.That(ReferenceEquals(form, again.Form), "what is encoded is of the same form");
            Expect.Same(encoded, form.Encode(abi, [.. again.Fields]), "what is decoded again is the same");
            foreach (FieldPlace place in form.PlacesOf(abi))
            {
                Expect.Same(decoded.Data.Span.Slice(place.Offset, place.Size), encoded.AsSpan(place.Offset, place.Size), "a field");
            }
        }
    }

    private void JudgeShown(in CapturedRecord captured)
    {
        JudgeText(RecordText.Line(captured));
        foreach (string part in RecordText.Wrapped(captured, captured.Decode(), 60).Split('\n'))
        {
            JudgeText(part);
        }

        _output.SetLength(0);
        _json.Write(captured);
        ReadOnlySpan<byte> line = _output.GetBuffer().AsSpan(0, (int)_output.Length);
        Expect.Equal(line.Length - 1, line.IndexOf((byte)'\n'), "JSON is one line");
        Utf8JsonReader reader = new(line);
        while (reader.Read())
        {
        }
    }

    private static void JudgeText(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            Expect.That(!Rune.IsControl(rune) && rune.Value is not (0x202e or 0x2028 or 0xfeff), $"U+{rune.Value:x4} is shown as it is");
        }
    }
}
