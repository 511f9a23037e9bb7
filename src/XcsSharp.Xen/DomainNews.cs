namespace XcsSharp.Xen;

/// <summary>Which of a domain's keys have to be looked at again.</summary>
[Flags]
internal enum DomainNews
{
    None = 0,
    Name = 1,

    /// <summary>Its control page, granted or classic.</summary>
    ControlPage = 2,

    PrimaryConsole = 4,
    SecondaryConsoles = 8,
}
