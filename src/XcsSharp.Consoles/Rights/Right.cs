namespace XcsSharp.Consoles;

/// <summary>What somebody may do with a domain's consoles; each includes those before it.</summary>
public enum Right
{
    None,

    /// <summary>See the domain in the list, read its consoles and their history.</summary>
    View,

    /// <summary>Type, and take the writer's seat.</summary>
    Write,

    /// <summary>All that changes the domain: add and remove consoles, ask it to shut down, put others' viewers aside.</summary>
    Admin,
}
