namespace XcsSharp.Switching;

/// <summary>
/// One life of a domid: Xen gives ids out again, so everything that belongs to a guest hangs on this object and
/// never on the number alone.
/// </summary>
/// <remarks>Loop thread only. Created and ended by <see cref="ControlSwitch"/>.</remarks>
public sealed class GuestDomain
{
    internal GuestDomain(uint domid, ulong generation, string name, Guid uuid)
    {
        Domid = domid;
        Generation = generation;
        Name = name;
        Uuid = uuid;
    }

    /// <summary>Xen's id, unique among the living.</summary>
    public uint Domid { get; }

    /// <summary>Counts the lives that this daemon has seen of the domid, from 1.</summary>
    public ulong Generation { get; }

    /// <summary>The toolstack's name for it; <c>Domain-N</c> until that is known.</summary>
    public string Name { get; internal set; }

    /// <summary>All zero until it is known.</summary>
    public Guid Uuid { get; internal set; }

    /// <summary>
    /// The control channel of now, a quarantined one included; null while there is none. Another object after the
    /// guest's program was replaced.
    /// </summary>
    public ControlChannel? Channel { get; internal set; }

    /// <summary>True for ever once Xen no longer knows this life.</summary>
    public bool IsGone { get; internal set; }

    public override string ToString() => $"{Name} (domid {Domid})";
}
