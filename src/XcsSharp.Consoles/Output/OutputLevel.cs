namespace XcsSharp.Consoles;

/// <summary>What of a guest's output a reader gets (<see cref="TerminalFilter"/>).</summary>
public enum OutputLevel
{
    /// <summary>Text, and sequences that move the cursor, colour or erase: full-screen programs work, and nothing else of the terminal can be reached.</summary>
    Safe,

    /// <summary>Text alone, its lines and tabs: for files and for programs.</summary>
    Strip,

    /// <summary>Every byte as the guest wrote it.</summary>
    Raw,
}
