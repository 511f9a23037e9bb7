using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// Questions that are answered with a document of all domains, which keeps the loop for milliseconds: one is made a turn, so that guests wait for one and
/// never for as many as somebody asks for at once. Those of one user that want the same share its bytes.
/// </summary>
/// <remarks>Loop thread only. A connection has one question, so the limit of connections is the line's.</remarks>
internal sealed class DocumentLine(EventLoop loop) : ITurnEndWork
{
    private readonly Queue<DocumentQuestion> _waiting = new();
    private bool _isQueued;
    private ulong _lastTurn;

    /// <summary>What those who get documents have not taken.</summary>
    internal DocumentBudget Budget { get; } = new();

    /// <summary>Puts a question into the line; the asker leaves it when it goes.</summary>
    internal DocumentQuestion Add(OperatorVerb verb, OperatorConnection asker)
    {
        DocumentQuestion? question = _waiting.FirstOrDefault(waiting => waiting.IsFor(verb, asker.Who));
        if (question is null)
        {
            question = new DocumentQuestion(verb, asker.Who);
            _waiting.Enqueue(question);
            Queue();
        }

        question.Askers.Add(asker);
        return question;
    }

    public void OnTurnEnd()
    {
        _isQueued = false;

        // What is queued here comes again in the same turn, and between two documents guests have theirs.
        if (_lastTurn != loop.Turns && Next() is { } question)
        {
            _lastTurn = loop.Turns;
            Answer(question);
        }

        if (_waiting.Count > 0)
        {
            Queue();
        }
    }

    private void Queue()
    {
        if (!_isQueued)
        {
            _isQueued = true;
            loop.AtTurnEnd(this);
        }
    }

    private DocumentQuestion? Next()
    {
        while (_waiting.TryDequeue(out DocumentQuestion? question))
        {
            if (question.Askers.Count > 0)
            {
                return question;
            }
        }

        return null;
    }

    private void Answer(DocumentQuestion question)
    {
        // An answer may end one of them.
        OperatorConnection[] askers = [.. question.Askers];
        if (Budget.Refuse(question.Who.Uid) is string refusal)
        {
            foreach (OperatorConnection asker in askers)
            {
                asker.Refuse(OperatorError.TooManyRequests, refusal);
            }

            return;
        }

        var document = new HeldDocument(Budget, question.Who.Uid, askers[0].MakeDocument(question.Verb), askers.Length);
        foreach (OperatorConnection asker in askers)
        {
            asker.ReplyWith(document);
        }
    }
}
