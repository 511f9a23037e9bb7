using System.Globalization;
using System.Text;

namespace XcsSharp.TestKit;

/// <summary>
/// The account of one reader of a console that prints a <see cref="LetterText"/>: each letter it gets is compared with the text at the
/// position that the letters and the gaps before it give. A reader that begins somewhere is placed by its first letters.
/// </summary>
/// <remarks>One thread feeds it; any may look.</remarks>
public sealed class ReaderAccount
{
    private const string GapStart = "[gap: ";
    private const string GapEnd = " bytes]";
    private const string Rebooted = " begins]";

    private readonly Lock _lock = new();
    private readonly LetterText _text;
    private readonly List<byte> _word = [];
    private readonly List<byte> _unplaced = [];
    private long _beforeUnplaced;

    /// <param name="name">Who reads, for messages.</param>
    /// <param name="text">What the guest prints.</param>
    /// <param name="start">Where the reader begins; null: that shows.</param>
    public ReaderAccount(string name, LetterText text, long? start)
    {
        Name = name;
        _text = text;
        Start = start;
    }

    public string Name { get; }

    /// <summary>The position of the first byte it was to get; null while that is unknown.</summary>
    public long? Start { get; private set; }

    /// <summary>Bytes of output that came.</summary>
    public long Delivered { get; private set; }

    /// <summary>Bytes that gap marks stand for.</summary>
    public long Marked { get; private set; }

    /// <summary>Of these, since the domain's last reboot that this reader was told of.</summary>
    public long MarkedInThisLife { get; private set; }

    /// <summary>What the first mark stood for.</summary>
    public long? FirstMark { get; private set; }

    /// <summary>Where each life that this reader was told of began.</summary>
    public List<long> Lives { get; } = [];

    /// <summary>Position behind the last byte that came or was marked; null while unknown.</summary>
    public long? Position
    {
        get
        {
            lock (_lock)
            {
                return Start + Delivered + Marked;
            }
        }
    }

    /// <summary>What is wrong; null: nothing so far.</summary>
    public string? Problem { get; private set; }

    public void Accept(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            while (!bytes.IsEmpty && Problem is null)
            {
                if (_word.Count == 0)
                {
                    int letters = bytes.IndexOf((byte)'\r') is >= 0 and int at ? at : bytes.Length;
                    AcceptLetters(bytes[..letters]);
                    bytes = bytes[letters..];
                }

                bytes = bytes.IsEmpty ? bytes : AcceptWord(bytes);
            }
        }
    }

    private void AcceptLetters(ReadOnlySpan<byte> letters)
    {
        if (Start is null)
        {
            Place(letters);
            return;
        }

        while (!letters.IsEmpty)
        {
            long position = Start.Value + Delivered + Marked;
            ReadOnlySpan<byte> expected = _text.Next(position, letters.Length);
            int same = letters.CommonPrefixLength(expected);
            Delivered += same;
            letters = letters[same..];
            if (same < expected.Length)
            {
                long found = letters.Length < LetterText.Unique ? -1 : _text.Find(letters[..LetterText.Unique]);
                Problem = $"{Name}: at byte {position + same} came other output"
                    + (found < 0 ? "" : $", that of byte {found} ({found - position - same:+#;-#})");
                return;
            }
        }
    }

    /// <summary>Letters wait until there are enough of them to say where they belong.</summary>
    private void Place(ReadOnlySpan<byte> letters)
    {
        if (_unplaced.Count == 0)
        {
            _beforeUnplaced = Delivered + Marked;
        }

        _unplaced.AddRange(letters);
        Delivered += letters.Length;
        if (_unplaced.Count < LetterText.Unique)
        {
            return;
        }

        byte[] run = [.. _unplaced];
        _unplaced.Clear();
        long found = _text.Find(run.AsSpan(0, LetterText.Unique));
        if (found < _beforeUnplaced)
        {
            Problem = $"{Name}: its first letters are nowhere in the text behind byte {_beforeUnplaced}";
            return;
        }

        Start = found - _beforeUnplaced;
        Delivered -= run.Length;
        AcceptLetters(run);
    }

    private ReadOnlySpan<byte> AcceptWord(ReadOnlySpan<byte> bytes)
    {
        // A line of its own: \r\n[...]\r\n.
        int count = 0;
        while (count < bytes.Length && !(_word.Count > 2 && _word[^1] == '\n'))
        {
            _word.Add(bytes[count++]);
        }

        if (_word.Count > 2 && _word[^1] == '\n')
        {
            string word = Encoding.UTF8.GetString([.. _word]);
            _word.Clear();
            Understand(word);
        }

        return bytes[count..];
    }

    private void Understand(string word)
    {
        string line = word.Trim();
        if (word != $"\r\n{line}\r\n")
        {
            Problem = $"{Name}: not a line of its own: {word}";
        }
        else if (line.StartsWith(GapStart, StringComparison.Ordinal) && line.EndsWith(GapEnd, StringComparison.Ordinal))
        {
            long gap = long.Parse(line[GapStart.Length..^GapEnd.Length], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
            FirstMark ??= gap;
            Marked += gap;
            MarkedInThisLife += gap;

            // Too few letters to say where they belong: they are counted, and what follows places the reader.
            _unplaced.Clear();
        }
        else if (line.EndsWith(Rebooted, StringComparison.Ordinal))
        {
            MarkedInThisLife = 0;
            Lives.Add(Start is { } start ? start + Delivered + Marked : -1);
        }
        else
        {
            Problem = $"{Name}: no word of the daemon's: {line}";
        }
    }
}
