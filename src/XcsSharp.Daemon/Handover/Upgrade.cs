using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Protocol.Operator;
using XcsSharp.Reactor;
using XcsSharp.Switching;

namespace XcsSharp.Daemon.Handover;

/// <summary>
/// The operator's request that another program takes this one's place. It is answered by whoever serves afterwards: the connection is
/// among what is handed over.
/// </summary>
/// <param name="loop">Whose thread this is.</param>
/// <param name="isOffered">False in a daemon that was started as xcs.</param>
/// <param name="isStopping">Whether the daemon was asked to stop: the next program would not know.</param>
/// <param name="begin">Ends the loop for the successor; gets the operator's connection.</param>
/// <param name="log">Who asked, and what came of it.</param>
internal sealed class Upgrade(EventLoop loop, bool isOffered, Func<bool> isStopping, Action<SafeFileHandle> begin, ILogger log)
{
    /// <summary>What the operator's connection is called meanwhile.</summary>
    public const string AskerName = "upgrade";

    /// <summary>Why there is none at the daemon's end.</summary>
    public const string Stopping = "the daemon is being stopped";

    private bool _isAsked;

    public OperatorWord Word => new(OperatorProtocol.Upgrade, "", Ask);

    /// <summary>Says how it went to the operator who has asked the daemon before.</summary>
    /// <param name="asker">Its connection.</param>
    /// <param name="problem">Null: this is the new program. Otherwise why the old one goes on.</param>
    public static void Answer(EventLoop loop, SafeFileHandle asker, string? problem)
    {
        string answer = problem is null
            ? $"{OperatorProtocol.Ok} {DaemonVersion.Text} {Environment.ProcessId}\n"
            : $"{OperatorProtocol.Error} {OperatorError.Failed} {problem}\n";
        UnixStream stream = new(loop, asker, 4096);
        stream.Start();
        _ = stream.TryWrite(System.Text.Encoding.UTF8.GetBytes(answer));
        stream.CloseAfterFlush();
    }

    private void Ask(IOperatorExchange exchange)
    {
        if (!exchange.RequireAll())
        {
            return;
        }

        if (!isOffered)
        {
            exchange.Refuse(OperatorError.NotSupported, "a daemon that was started as xcs is upgraded by a restart: end it and start xcs again");
        }
        else if (_isAsked)
        {
            exchange.Refuse(OperatorError.Failed, "another upgrade is under way; ask again in a moment");
        }
        else
        {
            _isAsked = true;
            _ = TryAsync(exchange);
        }
    }

    private async Task TryAsync(IOperatorExchange exchange)
    {
        string? problem = await Task.Run(Successor.FindProblemAsync);
        loop.Post(() => Finish(exchange, problem));
    }

    private void Finish(IOperatorExchange exchange, string? problem)
    {
        _isAsked = false;
        problem ??= isStopping() ? Stopping : null;
        if (problem is not null)
        {
            log.UpgradeRefused(problem);
            exchange.Refuse(OperatorError.Failed, $"{problem}. Nothing has changed");
        }
        else if (exchange.Detach() is { } asker)
        {
            log.Upgrading();
            begin(asker);
        }
    }
}
