using Microsoft.Extensions.Logging;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Handlers;

/// <summary>The handlers of one daemon: those that are on run, the words of the others are refused.</summary>
public sealed class GuestHandlers : IDisposable
{
    private readonly List<GuestHandler> _running = [];
    private readonly List<OperatorWord> _words = [];

    /// <param name="loop">Whose thread this is.</param>
    /// <param name="controlSwitch">What they attach to.</param>
    /// <param name="options">Which of them are on.</param>
    /// <param name="log">Theirs.</param>
    /// <param name="table">All there are; null: <see cref="HandlerTable.All"/>.</param>
    public GuestHandlers(
        EventLoop loop,
        ControlSwitch controlSwitch,
        HandlerOptions options,
        ILogger<GuestHandlers> log,
        IReadOnlyList<HandlerRegistration>? table = null)
    {
        HandlerContext context = new(loop, controlSwitch, options.AnswerTimeout, log);
        foreach (HandlerRegistration entry in table ?? HandlerTable.All)
        {
            GuestHandler? handler = options.IsOn(entry) ? entry.Make(context) : null;
            foreach ((string word, string arguments) in entry.Words)
            {
                _words.Add(new OperatorWord(
                    word,
                    arguments,
                    handler is null
                        ? exchange => RefuseDisabled(entry, exchange)
                        : exchange => handler.OnOperator(word, exchange)));
            }

            if (handler is not null)
            {
                _running.Add(handler);
                handler.Start();
            }
        }
    }

    /// <summary>Of all handlers, also those that are off.</summary>
    public IReadOnlyList<OperatorWord> Words => _words;

    /// <summary>Detaches them. Operators who still wait are told that it is over.</summary>
    public void Dispose()
    {
        foreach (GuestHandler handler in _running)
        {
            handler.Dispose();
        }
    }

    private static void RefuseDisabled(HandlerRegistration entry, IOperatorExchange exchange)
        => exchange.Refuse(
            OperatorError.Disabled,
            $"this is turned off in the daemon: set {entry.Setting}=on (in /etc/xcs/xcsd.json or on its command line) and restart xcsd");
}
