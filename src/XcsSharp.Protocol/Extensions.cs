using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace XcsSharp.Protocol;

/// <summary>What a client asks for, and is granted, in a <see cref="RecordType.ConnectExtended"/> (README.md).</summary>
[Flags]
public enum Extensions : uint
{
    /// <summary>The protocol of 2005.</summary>
    None = 0,

    /// <summary>A record for each message of the client's that did not get where it was to go.</summary>
    Reasons = 1,

    /// <summary>Domains' arrivals, names, channels and departures.</summary>
    News = 2,

    /// <summary>The daemon sends no more records than the client said that it is ready for.</summary>
    Credit = 4,

    /// <summary>Messages carry a number by which an answer names its request.</summary>
    Correlation = 8,

    /// <summary>With <see cref="Correlation"/>: a request that somebody may have had before says so (<see cref="XcsRecord.RepeatMark"/>).</summary>
    Repeats = 16,

    /// <summary>All that this version knows.</summary>
    All = Reasons | News | Credit | Correlation | Repeats,
}

/// <summary>Why a message of a client's went nowhere.</summary>
public enum UndeliveredReason : uint
{
    /// <summary>Of a request, as the next five are: no such domain lives.</summary>
    NoSuchDomain = 1,

    /// <summary>The domain has no open control channel.</summary>
    NoChannel = 2,

    /// <summary>The guest's indexes were impossible, and its channel was put aside.</summary>
    ChannelOutOfOrder = 3,

    /// <summary>Another client holds the write lock. Of an answer too.</summary>
    LockedOut = 4,

    /// <summary>It was sent, and the channel closed before the guest answered.</summary>
    ChannelClosed = 5,

    /// <summary>It was sent, and the guest gave its slot back with an answer to something else.</summary>
    NoAnswer = 6,

    /// <summary>Of an answer: another was first.</summary>
    AlreadyAnswered = 7,

    /// <summary>Of an answer: this session was given no such request.</summary>
    NotGiven = 8,
}

/// <summary>What a <see cref="RecordType.DomainNews"/> says.</summary>
public enum DomainNewsKind : uint
{
    /// <summary>All that exists has been told now; what follows is new.</summary>
    Complete = 0,

    /// <summary>The domain exists, and this is how it is now.</summary>
    Exists = 1,

    /// <summary>The domain is gone.</summary>
    Gone = 2,
}

/// <summary>A name in a record: UTF-8, zeros behind it, cut where 48 bytes end.</summary>
[InlineArray(Size)]
public struct RecordName
{
    /// <summary>Bytes of a name.</summary>
    public const int Size = 48;

    private byte _first;

    public static RecordName Of(string name)
    {
        RecordName result = default;

        // Never a part of a letter: what does not fit whole is left out.
        Utf8.FromUtf16(name, result, out _, out int written);
        ((Span<byte>)result)[written..].Clear();
        return result;
    }

    public override readonly string ToString()
    {
        ReadOnlySpan<byte> bytes = this;
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
