using System.Runtime.InteropServices;

namespace XcsSharp.Protocol;

/// <summary>
/// Joins the bytes of a stream socket to records: a record may arrive in any number of pieces, and many may
/// arrive at once. (The original took what one read gave for one record, bug B12.)
/// </summary>
/// <remarks>Holds at most 79 bytes. A mutable struct: keep it in a field, never copy it.</remarks>
public struct RecordAssembler
{
    private XcsRecord _partial;
    private int _held;

    /// <summary>Bytes of an incomplete record that are held back.</summary>
    public readonly int Held => _held;

    /// <summary>Takes the next whole record off the front of <paramref name="input"/>.</summary>
    /// <returns>False when the rest of the input is held for later; the input is then empty.</returns>
    public bool TryTake(ref ReadOnlySpan<byte> input, out XcsRecord record)
    {
        if (_held == 0 && input.Length >= ProtocolLimits.RecordSize)
        {
            record = XcsRecord.Read(input[..ProtocolLimits.RecordSize]);
            input = input[ProtocolLimits.RecordSize..];
            return true;
        }

        Span<byte> partial = MemoryMarshal.AsBytes(new Span<XcsRecord>(ref _partial));
        int take = Math.Min(ProtocolLimits.RecordSize - _held, input.Length);
        input[..take].CopyTo(partial[_held..]);
        input = input[take..];
        _held += take;
        if (_held < ProtocolLimits.RecordSize)
        {
            record = default;
            return false;
        }

        _held = 0;
        record = _partial;
        return true;
    }
}
