using System.Globalization;

using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>Which console: one of a domain's console rings, or the one on its control channel.</summary>
/// <param name="Domain">The life of a domain that it belongs to.</param>
/// <param name="Number">0: the primary ring; 1..9: a secondary one; <see cref="Control"/>.</param>
public readonly record struct ConsoleId(GuestDomain Domain, int Number)
{
    /// <summary>The number that stands for the control channel.</summary>
    public const int Control = -1;

    public bool IsControl => Number == Control;

    /// <summary>What follows the domain's name in the console's: nothing for the primary ring.</summary>
    public string Suffix => Number switch
    {
        Control => OperatorProtocol.ControlSuffix,
        0 => "",
        _ => string.Create(CultureInfo.InvariantCulture, $"{OperatorProtocol.ConsoleMark}{Number}"),
    };

    /// <summary>
    /// Cuts a console's name: <c>web</c>, <c>web#1</c>, <c>web#control</c>. The mark occurs in no domain's name as it is
    /// shown, so the last one is it.
    /// </summary>
    /// <param name="name">A name as an operator gives it.</param>
    /// <param name="domain">The part before the mark: a domid or a name.</param>
    /// <param name="number">Null for what the domain's name alone means.</param>
    /// <returns>False when what follows the mark is none of these.</returns>
    internal static bool TryCut(string name, out string domain, out int? number)
    {
        int mark = name.LastIndexOf(OperatorProtocol.ConsoleMark);
        domain = mark < 0 ? name : name[..mark];
        string which = mark < 0 ? "" : name[mark..];
        number = which == OperatorProtocol.ControlSuffix ? Control
            : which.Length == 2 && char.IsAsciiDigit(which[1]) ? which[1] - '0'
            : null;
        return mark < 0 || number is not null;
    }
}
