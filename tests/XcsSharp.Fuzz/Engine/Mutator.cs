using System.Buffers.Binary;

namespace XcsSharp.Fuzz.Engine;

/// <summary>Makes an input out of others: the havoc and the splicing of AFL, with a target's words.</summary>
internal sealed class Mutator(FuzzRandom random, int maxLength, IReadOnlyList<byte[]> words)
{
    private static readonly byte[] s_bytes = [0, 1, 2, 7, 8, 9, 0x1b, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xc2, 0xfe, 0xff, (byte)'\n'];

    private static readonly uint[] s_numbers =
        [0, 1, 7, 8, 9, 60, 61, 64, 80, 127, 128, 255, 256, 1023, 1024, 1025, 2047, 2048, 2049, 4095, 4096, 0x7fff, 0x8000, 0xfffe, 0xffff,
        0x10000, 0x1ffff, 0x20000, 0x7fffffff, 0x80000000, 0xefffffff, 0xfffffff8, 0xffffffff];

    private readonly byte[] _buffer = new byte[maxLength];
    private int _length;

    /// <summary>Valid until the next one is made.</summary>
    public ReadOnlySpan<byte> Make(IReadOnlyList<byte[]> corpus, byte[] parent)
    {
        _length = Math.Min(parent.Length, maxLength);
        parent.AsSpan(0, _length).CopyTo(_buffer);
        if (random.Below(8) == 0)
        {
            Splice(corpus[random.Below(corpus.Count)]);
        }

        int changes = 1 << random.Below(5);
        for (int i = 0; i < changes; i++)
        {
            Change(corpus);
        }

        return _buffer.AsSpan(0, _length);
    }

    private void Change(IReadOnlyList<byte[]> corpus)
    {
        if (_length == 0)
        {
            Insert(0, [(byte)random.Next()]);
            return;
        }

        int at = random.Below(_length);
        switch (random.Below(words.Count > 0 ? 14 : 12))
        {
            case 0:
                _buffer[at] ^= (byte)(1 << random.Below(8));
                break;
            case 1:
                _buffer[at] = s_bytes[random.Below(s_bytes.Length)];
                break;
            case 2 or 3:
                _buffer[at] = (byte)random.Next();
                break;
            case 4:
                _buffer[at] += (byte)(random.Below(2) == 0 ? 1 + random.Below(16) : -1 - random.Below(16));
                break;
            case 5:
                WriteNumber(at);
                break;
            case 6 or 7:
                Remove(at, 1 + random.Below(Math.Min(_length - at, 1 << random.Below(8))));
                break;
            case 8:
                InsertCopy(_buffer.AsSpan(0, _length));
                break;
            case 9:
                InsertCopy(corpus[random.Below(corpus.Count)]);
                break;
            case 10:
                Insert(at, [(byte)random.Next()]);
                break;
            case 11:
                Overwrite(at);
                break;
            default:
                InsertWord(at);
                break;
        }
    }

    private void WriteNumber(int at)
    {
        Span<byte> number = stackalloc byte[4];
        uint value = s_numbers[random.Below(s_numbers.Length)] + (uint)(random.Below(4) == 0 ? random.Below(5) - 2 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(number, value);
        number = number[..(1 << random.Below(3))];
        number[..Math.Min(number.Length, _length - at)].CopyTo(_buffer.AsSpan(at));
    }

    private void Overwrite(int at)
    {
        int count = 1 + random.Below(Math.Min(_length - at, 32));
        int from = random.Below(_length - count + 1);
        _buffer.AsSpan(from, count).CopyTo(_buffer.AsSpan(at));
    }

    private void InsertWord(int at)
    {
        byte[] word = words[random.Below(words.Count)];
        if (random.Below(2) == 0)
        {
            Insert(at, word);
        }
        else
        {
            word.AsSpan(0, Math.Min(word.Length, _length - at)).CopyTo(_buffer.AsSpan(at));
        }
    }

    private void InsertCopy(ReadOnlySpan<byte> from)
    {
        if (from.IsEmpty)
        {
            return;
        }

        int count = 1 + random.Below(Math.Min(from.Length, 1 << random.Below(9)));
        int start = random.Below(from.Length - count + 1);
        Insert(random.Below(_length + 1), from.Slice(start, count).ToArray());
    }

    private void Splice(byte[] other)
    {
        if (other.Length < 2 || _length < 2)
        {
            return;
        }

        int cut = random.Below(_length);
        ReadOnlySpan<byte> tail = other.AsSpan(random.Below(other.Length));
        tail = tail[..Math.Min(tail.Length, maxLength - cut)];
        tail.CopyTo(_buffer.AsSpan(cut));
        _length = cut + tail.Length;
    }

    private void Remove(int at, int count)
    {
        _buffer.AsSpan(at + count, _length - at - count).CopyTo(_buffer.AsSpan(at));
        _length -= count;
    }

    private void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, maxLength - _length)];
        _buffer.AsSpan(at, _length - at).CopyTo(_buffer.AsSpan(at + bytes.Length));
        bytes.CopyTo(_buffer.AsSpan(at));
        _length += bytes.Length;
    }
}
