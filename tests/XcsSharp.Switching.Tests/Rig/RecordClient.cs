using System.Net.Sockets;

namespace XcsSharp.Switching.Tests.Rig;

/// <summary>One connection of a client, on a real socket; never blocks.</summary>
internal sealed class RecordClient(SwitchRig rig, Socket socket) : IDisposable
{
    private RecordAssembler _assembler;
    private readonly Queue<XcsRecord> _arrived = new();

    /// <summary>True once the daemon has closed its end and all that came before is read.</summary>
    public bool IsEnded { get; private set; }

    public Socket Socket => socket;

    /// <summary>Bytes of a record that has not come whole.</summary>
    public int PartialBytes => _assembler.Held;

    public void SendBytes(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int sent = socket.Send(bytes, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                rig.Settle();
                continue;
            }

            Assert.Equal(SocketError.Success, error);
            bytes = bytes[sent..];
        }
    }

    public void Send(XcsRecord record) => SendBytes(XcsRecord.Bytes(in record));

    /// <summary>Sends a record and takes its reply.</summary>
    public XcsRecord Ask(XcsRecord record)
    {
        Send(record);
        rig.Settle();
        Assert.True(TryTake(out XcsRecord reply), "no reply");
        return reply;
    }

    public XcsRecord Take()
    {
        Assert.True(TryTake(out XcsRecord record), "no record");
        return record;
    }

    public List<XcsRecord> TakeAll()
    {
        List<XcsRecord> records = [];
        while (TryTake(out XcsRecord record))
        {
            records.Add(record);
        }

        return records;
    }

    public bool TryTake(out XcsRecord record)
    {
        if (_arrived.Count == 0)
        {
            Receive();
        }

        return _arrived.TryDequeue(out record);
    }

    public void Dispose() => socket.Dispose();

    private void Receive()
    {
        Span<byte> buffer = stackalloc byte[32768];
        while (!IsEnded)
        {
            int count = socket.Receive(buffer, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            IsEnded = error != SocketError.Success || count == 0;
            ReadOnlySpan<byte> input = buffer[..count];
            while (_assembler.TryTake(ref input, out XcsRecord record))
            {
                _arrived.Enqueue(record);
            }
        }
    }
}
