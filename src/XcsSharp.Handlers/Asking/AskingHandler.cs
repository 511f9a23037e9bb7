using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Handlers.Asking;

/// <summary>
/// A handler that asks guests something when an operator wants it. It binds nothing: guests' own requests of its type go to whom
/// they went before.
/// </summary>
public abstract class AskingHandler : GuestHandler
{
    protected AskingHandler(HandlerContext context)
        : base(context)
    {
        Questions = new GuestQuestions(this, context.Loop, context.AnswerTimeout);
    }

    /// <summary>What guests have been asked and have not answered.</summary>
    public GuestQuestions Questions { get; }

    public override void OnChannelClosed(ControlChannel channel, string reason) => Questions.OnChannelClosed(channel, reason);

    public override void OnResponse(ControlChannel channel, in ControlMessage response)
        => _ = Questions.OnResponse(channel, response);

    public override void OnNoAnswer(ControlChannel channel, in SentRequest request) => Questions.OnNoAnswer(channel, request);

    protected override void OnEnding() => Questions.EndAll("the daemon stops");

    /// <summary>Asks the guest for an operator, who is told if there will be no answer.</summary>
    /// <param name="exchange">Given up when the operator leaves.</param>
    /// <param name="domain">Whose guest.</param>
    /// <param name="request">Its id is chosen here.</param>
    /// <param name="instead">The command that does without a control channel, for the remedy.</param>
    /// <param name="answered">Gets the guest's answer.</param>
    protected void Ask(
        IOperatorExchange exchange, GuestDomain domain, in ControlMessage request, string instead, Action<ControlMessage> answered)
    {
        GuestQuestion? question = Questions.Ask(domain, request, result =>
        {
            exchange.Left = null;
            Context.Log.Asked(Name, domain, result.End);
            if (result.End == QuestionEnd.Answered)
            {
                answered(result.Answer);
            }
            else
            {
                Refuse(exchange, domain, result, instead);
            }
        });
        if (question is not null)
        {
            exchange.Left = question.GiveUp;
        }
    }

    /// <summary>How a sentence calls a domain.</summary>
    protected static string Who(GuestDomain domain) => $"domain {domain.Domid} ({domain.Name})";

    private void Refuse(IOperatorExchange exchange, GuestDomain domain, in QuestionResult result, string instead)
    {
        string who = Who(domain);
        (string code, string sentence) = result.End switch
        {
            QuestionEnd.NoChannel => (
                OperatorError.NoChannel,
                $"{who} has no open control channel, so it cannot be asked; use: {instead}"),
            QuestionEnd.TooManyOfGuest => (
                OperatorError.TooManyRequests,
                $"{who} has not answered {GuestQuestions.LimitOfGuest} earlier requests and is sent no other; use: {instead}"),
            QuestionEnd.TooMany => (
                OperatorError.TooManyRequests,
                $"{Questions.Waiting} requests wait for guests' answers; ask again when some have come"),
            QuestionEnd.NoRoom => (
                OperatorError.TooManyRequests,
                $"{who} does not take the messages that wait for it already; use: {instead}"),
            QuestionEnd.Ignored => (
                OperatorError.NoAnswer,
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{who} was asked and has not answered for {Context.AnswerTimeout.TotalSeconds:0.###} s ({HandlerRegistration.Section}AnswerTimeout); it may still do it, otherwise use: {instead}")),
            QuestionEnd.AnsweredOtherwise => (
                OperatorError.NoAnswer,
                $"{who} was asked and gave the message back with an answer to something else; use: {instead}"),
            _ => (
                OperatorError.Gone,
                $"the control channel of {who} ended before there was an answer: {result.Reason}; see: xcsctl list"),
        };
        exchange.Refuse(code, sentence);
    }
}
