namespace XcsSharp.Rings;

/// <summary>What a look at a ring gave.</summary>
public enum RingRead
{
    /// <summary>Nothing to take now.</summary>
    Empty,

    /// <summary>A message, or bytes of a console, were copied out.</summary>
    Message,

    /// <summary>
    /// The peer's index is impossible: it claims more than the ring can hold. Final for this attachment: every
    /// later look says the same, whatever the peer writes. A value, not an exception, because the peer chose it.
    /// </summary>
    Corrupt,
}
