using XcsSharp.Client.Capture;
using XcsSharp.Fuzz.Engine;
using XcsSharp.Protocol;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// A capture file, whole, cut or damaged. It gives records, or says in words what is wrong; and what was read is read again after it
/// was written.
/// </summary>
internal sealed class CaptureFilesTarget : IFuzzTarget
{
    public int MaxLength => 700;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            using MemoryStream file = new();
            PcapngWriter writer = new(file);
            byte[] empty = file.ToArray();
            XcsRecord record = XcsRecord.ForMessage(RecordType.Request, 5, 16, ControlMessage.Create(MessageType.Console, 0, 1, "login: "u8));
            writer.Write(CapturedRecord.Received(record, DateTimeOffset.UnixEpoch.AddDays(20000), "web"));
            return [empty, file.ToArray()];
        }
    }

    public IReadOnlyList<byte[]> Words =>
        [[0x0a, 0x0d, 0x0d, 0x0a], [1, 0, 0, 0], [6, 0, 0, 0], [0x4d, 0x3c, 0x2b, 0x1a], FuzzInput.Bytes(32), [9, 0, 1, 0, 0x93, 0, 0, 0], FuzzInput.Bytes(12)];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        using MemoryStream input = new(bytes.ToArray());
        List<CapturedRecord> records = Read(input, mayBeDamaged: true);
        using MemoryStream copy = new();
        PcapngWriter writer = new(copy);
        foreach (CapturedRecord record in records)
        {
            writer.Write(record);
        }

        copy.Position = 0;
        List<CapturedRecord> again = Read(copy, mayBeDamaged: false);
        Expect.Equal(records.Count, again.Count, "records that were written are read");
        for (int i = 0; i < records.Count; i++)
        {
            XcsRecord written = records[i].Record;
            XcsRecord read = again[i].Record;
            Expect.Same(XcsRecord.Bytes(in written), XcsRecord.Bytes(in read), "a record");
            Expect.That(
                (records[i].Direction, records[i].Abi, records[i].Domid, records[i].LocalPort) == (again[i].Direction, again[i].Abi, again[i].Domid, again[i].LocalPort),
                "what stands beside a record");
        }
    }

    public void Dispose()
    {
    }

    private static List<CapturedRecord> Read(Stream input, bool mayBeDamaged)
    {
        List<CapturedRecord> records = [];
        PcapngReader reader = new(input);
        try
        {
            while (reader.TryRead(out CapturedRecord captured))
            {
                records.Add(captured);
            }
        }
        catch (InvalidDataException damaged) when (mayBeDamaged)
        {
            Expect.That(damaged.Message.Length > 20, "what is wrong is said in words");
        }

        return records;
    }
}
