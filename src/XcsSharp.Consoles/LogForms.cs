namespace XcsSharp.Consoles;

/// <summary>What stands before each line of a log.</summary>
public enum LogTimestamps
{
    Off,

    /// <summary>When its first byte was taken from the guest, in UTC to the millisecond.</summary>
    Utc,
}

/// <summary>What becomes of old files of a log.</summary>
public enum LogCompression
{
    Off,

    /// <summary><c>NAME.1</c> stays as it is, older ones become <c>NAME.2.gz</c> and so on.</summary>
    Gzip,
}
