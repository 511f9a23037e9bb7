namespace XcsSharp.Switching.Tests.Model;

/// <summary>A real client and what the model knows of it.</summary>
internal sealed class ScheduledClient(SwitchRig rig, RecordClient control, ModelSession session)
{
    private const int Remembered = 200;

    public ModelSession Session => session;

    public RecordClient? Control { get; set; } = control;

    public RecordClient? Data { get; set; }

    /// <summary>False: it takes nothing off its data connection.</summary>
    public bool IsReading { get; set; } = true;

    /// <summary>Requests that it has received and could answer, sensibly or not.</summary>
    public List<XcsRecord> Received { get; } = [];

    public bool IsGone => Control is null && Data is null;

    /// <summary>Takes all that is there, and finds each record to be what the domain's next has to be.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Read()
    {
        if (Data is null || !IsReading || session.IsClosed)
        {
            return null;
        }

        while (Data.TryTake(out XcsRecord record) || (session.ExpectedCount > 0 && HasMore(out record)))
        {
            if (!session.Expected.TryGetValue(record.RemoteDomain, out Queue<XcsRecord>? expected)
                || !expected.TryDequeue(out XcsRecord next))
            {
                return $"session {session.Id:x8} got {Text(record)}, and nothing was to come";
            }

            if (!XcsRecord.Bytes(in record).SequenceEqual(XcsRecord.Bytes(in next)))
            {
                return $"session {session.Id:x8} got {Text(record)} instead of {Text(next)}";
            }

            session.ExpectedCount--;
            if (record.Type == RecordType.Request)
            {
                Received.Add(record);
                if (Received.Count > Remembered)
                {
                    Received.RemoveAt(0);
                }
            }
        }

        return Data.IsEnded ? $"session {session.Id:x8} lost its data connection"
            : session.ExpectedCount > 0 ? $"session {session.Id:x8} did not get {session.ExpectedCount} records, the first of them "
                + Text(session.Expected.Values.First(queue => queue.Count > 0).Peek())
            : null;
    }

    public static string Text(in XcsRecord record) => $"{record.Type} of domain {record.RemoteDomain} {Text(record.Message)}";

    public static string Text(in ControlMessage message)
        => $"({(byte)message.Type}, {message.Id}) #{(message.Length < 4 ? -1 : BitConverter.ToInt32(message.Data))}";

    private bool HasMore(out XcsRecord record)
    {
        // What did not fit in the socket comes when there is room.
        rig.Settle();
        return Data!.TryTake(out record);
    }
}
