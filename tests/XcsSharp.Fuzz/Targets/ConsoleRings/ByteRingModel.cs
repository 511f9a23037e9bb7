using System.Buffers.Binary;

using XcsSharp.Rings;

namespace XcsSharp.Fuzz.Targets.ConsoleRings;

/// <summary>What one attachment of dom0 to a console ring must do with it, byte by byte and index by index, in a copy of the page.</summary>
internal sealed class ByteRingModel(byte[] expected)
{
    private uint _outputConsumer = Word(expected, 3080);
    private uint _inputProducer = Word(expected, 3076);

    /// <summary>The guest's index of output was impossible at a look.</summary>
    public bool IsOutputLie { get; private set; }

    /// <summary>Its index of input was.</summary>
    public bool IsInputLie { get; private set; }

    /// <summary>Dom0 has moved an index that the guest was not told of yet.</summary>
    public bool HasMoved { get; set; }

    /// <summary>Where dom0 has read to.</summary>
    public uint OutputConsumer => _outputConsumer;

    /// <summary>One look for output.</summary>
    /// <param name="room">How much is wanted at most.</param>
    /// <param name="bytes">What must come.</param>
    public RingRead Take(int room, out byte[] bytes)
    {
        uint published = Word(expected, 3084) - _outputConsumer;
        IsOutputLie |= published > 2048;
        int count = IsOutputLie ? 0 : (int)Math.Min(published, (uint)room);
        bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = expected[1024 + (int)((_outputConsumer + (uint)i) % 2048)];
        }

        _outputConsumer += (uint)count;
        return IsOutputLie ? RingRead.Corrupt : count > 0 ? RingRead.Message : RingRead.Empty;
    }

    /// <summary>What was taken is the guest's again.</summary>
    public void GiveRoom()
    {
        SetWord(expected, 3080, _outputConsumer);
        HasMoved = true;
    }

    /// <summary>Input is put.</summary>
    /// <returns>How many bytes must be taken.</returns>
    public int Put(ReadOnlySpan<byte> input)
    {
        int count = LookAtInput() ? 0 : (int)Math.Min(1024 - (_inputProducer - Word(expected, 3072)), (uint)input.Length);
        for (int i = 0; i < count; i++)
        {
            expected[(int)((_inputProducer + (uint)i) % 1024)] = input[i];
        }

        if (count > 0)
        {
            _inputProducer += (uint)count;
            SetWord(expected, 3076, _inputProducer);
            HasMoved = true;
        }

        return count;
    }

    /// <returns>True when the guest's index is, or was, a lie.</returns>
    public bool LookAtInput() => IsInputLie |= _inputProducer - Word(expected, 3072) > 1024;

    public static uint Word(ReadOnlySpan<byte> page, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(page[offset..]);

    public static void SetWord(Span<byte> page, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page[offset..], value);
}
