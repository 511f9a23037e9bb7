using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Handlers;

/// <summary>What a handler is given when it is made.</summary>
/// <param name="Loop">On whose thread everything happens.</param>
/// <param name="Switch">Knows the domains and their channels.</param>
/// <param name="AnswerTimeout">How long a guest may take to answer.</param>
/// <param name="Log">The handlers' log.</param>
public sealed record HandlerContext(EventLoop Loop, ControlSwitch Switch, TimeSpan AnswerTimeout, ILogger Log);
