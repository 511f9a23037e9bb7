using System.Text;

namespace XcsSharp.Exporter.Logs;

/// <summary>Cuts a console's output into lines, however it comes. Empty ones are left out; a line without an end waits for it.</summary>
internal sealed class LineSplitter
{
    /// <summary>A longer line is cut, as for systemd's journal.</summary>
    public const int MostBytes = 8192;

    private readonly byte[] _begun = new byte[MostBytes];
    private int _length;

    /// <summary>The next lines.</summary>
    /// <param name="bytes">What has come.</param>
    public IReadOnlyList<string> Take(ReadOnlySpan<byte> bytes)
    {
        List<string> lines = [];
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> piece = end < 0 ? bytes : bytes[..end];
            while (!piece.IsEmpty)
            {
                int count = Math.Min(piece.Length, MostBytes - _length);
                piece[..count].CopyTo(_begun.AsSpan(_length));
                _length += count;
                piece = piece[count..];
                if (_length == MostBytes)
                {
                    Finish(lines);
                }
            }

            if (end < 0)
            {
                break;
            }

            Finish(lines);
            bytes = bytes[(end + 1)..];
        }

        return lines;
    }

    /// <summary>Nothing more will come: what has no end is a line, too.</summary>
    public IReadOnlyList<string> End()
    {
        List<string> lines = [];
        Finish(lines);
        return lines;
    }

    private void Finish(List<string> lines)
    {
        if (_length > 0)
        {
            lines.Add(Encoding.UTF8.GetString(_begun, 0, _length));
            _length = 0;
        }
    }
}
