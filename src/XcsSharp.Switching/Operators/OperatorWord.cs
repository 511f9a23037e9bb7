namespace XcsSharp.Switching;

/// <summary>
/// A request of the console socket that a handler answers: the word with which its line begins. It stands here and not with
/// the console socket, so that a handler and the socket need not know each other.
/// </summary>
/// <param name="Word">In capitals, without spaces; no other request has it.</param>
/// <param name="Arguments">What follows it, as an error names it: <c>domid-or-name [wait]</c>.</param>
/// <param name="Take">Gets the request, on the loop thread, and answers it there or later.</param>
public sealed record OperatorWord(string Word, string Arguments, Action<IOperatorExchange> Take);
