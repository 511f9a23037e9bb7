namespace XcsSharp.Consoles;

/// <summary>One question in the <see cref="DocumentLine"/>, and all connections of one user with the same groups that have it: what these may view is the same.</summary>
internal sealed class DocumentQuestion(OperatorVerb verb, Client who)
{
    internal OperatorVerb Verb { get; } = verb;

    internal Client Who { get; } = who;

    /// <summary>Those who still want to know.</summary>
    internal List<OperatorConnection> Askers { get; } = [];

    internal bool IsFor(OperatorVerb verb, in Client who)
        => verb == Verb && who.Uid == Who.Uid && who.Groups.SequenceEqual(Who.Groups);
}
