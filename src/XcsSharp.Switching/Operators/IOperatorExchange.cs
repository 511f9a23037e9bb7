using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Switching;

/// <summary>
/// One request of an operator, from its line to its answer, which is one line too and may take as long as it needs.
/// </summary>
/// <remarks>
/// Loop thread only. The first answer ends it; whatever is called afterwards, and after the operator has left, has no effect.
/// </remarks>
public interface IOperatorExchange
{
    /// <summary>What followed the word, without spaces around it. Names of domains may have spaces inside.</summary>
    string Arguments { get; }

    /// <summary>True once it is answered, or the operator has left.</summary>
    bool IsOver { get; }

    /// <summary>Called when the operator leaves before the answer: what only it wanted can be given up.</summary>
    Action? Left { get; set; }

    /// <summary>The living domain of that id or name, digits being an id first. Null: it was refused, and the exchange is over.</summary>
    GuestDomain? FindDomain(string target);

    /// <summary>Whether the operator may do all with every domain. False: it was refused, and the exchange is over.</summary>
    bool RequireAll();

    /// <summary>Leaves the operator's connection, unanswered, to somebody who answers it later. The exchange is over.</summary>
    /// <returns>Null: the operator has left.</returns>
    SafeFileHandle? Detach();

    /// <summary>Answers <c>OK domid name</c>, and what follows behind a space.</summary>
    /// <param name="domain">Whom the request was about.</param>
    /// <param name="more">Words without control characters; empty for none.</param>
    void Accept(GuestDomain domain, string more = "");

    /// <summary>Answers <c>ERR code sentence</c>.</summary>
    /// <param name="code">One word, for programs.</param>
    /// <param name="sentence">For people: what is wrong, and what to do. Control characters of names are replaced.</param>
    void Refuse(string code, string sentence);
}
