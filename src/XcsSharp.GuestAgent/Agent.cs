using System.Runtime.InteropServices;
using System.Text;

using XcsSharp.Guest;
using XcsSharp.Interop;
using XcsSharp.Protocol;
using XcsSharp.Reactor;

namespace XcsSharp.GuestAgent;

/// <summary>
/// One run of xcs-guest: a loop, a channel, and the program of the command as its driver. SIGTERM, SIGINT and SIGHUP end it
/// in order.
/// </summary>
internal abstract class Agent : IGuestDriver
{
    private GuestChannel? _channel;
    private int _exitCode;
    private bool _ending;

    protected Agent(AgentOptions options)
    {
        Options = options;
    }

    protected AgentOptions Options { get; }

    protected EventLoop Loop { get; } = new();

    protected GuestChannel Channel => _channel!;

    /// <returns>The exit code.</returns>
    /// <exception cref="ErrnoException">The channel cannot be opened.</exception>
    public int Run()
    {
        using EventLoop loop = Loop;
        using GuestChannel channel = GuestChannel.Open(loop, Options.Transport, this);
        _channel = channel;
        PosixSignalRegistration[] signals =
            [OnSignal(PosixSignal.SIGTERM), OnSignal(PosixSignal.SIGINT), OnSignal(PosixSignal.SIGHUP)];
        if (Options.Announce)
        {
            Say("ready");
        }

        OnStart();
        loop.Run();
        Array.ForEach(signals, signal => signal.Dispose());
        return _exitCode;
    }

    void IGuestDriver.OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response)
    {
        // Goes later: the answer has to be in the ring before the channel is withdrawn.
        if (!Options.Manners.TryMeet(channel, request, ref response, () => Loop.Post(() => End(0)), Say))
        {
            OnRequest(channel, request, ref response);
        }
    }

    /// <summary>A request of dom0 that is not about the guest as a whole.</summary>
    public abstract void OnRequest(GuestChannel channel, in ControlMessage request, ref ControlMessage response);

    public abstract void OnRoom(GuestChannel channel);

    public virtual void OnResponse(GuestChannel channel, in ControlMessage response)
    {
    }

    public void OnLost(GuestChannel channel, string reason)
    {
        Say(reason);
        End(1);
    }

    /// <summary>The channel is published and the loop about to run.</summary>
    protected abstract void OnStart();

    /// <summary>The loop is about to stop: last words.</summary>
    protected virtual void OnEnding()
    {
    }

    protected void End(int exitCode)
    {
        if (!_ending)
        {
            _ending = true;
            _exitCode = exitCode;
            OnEnding();
            Loop.Stop();
        }
    }

    protected static void Say(string text)
    {
        try
        {
            new DescriptorStream(2).Write(Encoding.UTF8.GetBytes(text + "\n"));
        }
        catch (ErrnoException)
        {
            // Nobody listens; what there is to be done is done all the same.
        }
    }

    private PosixSignalRegistration OnSignal(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        Loop.Post(() => End(0));
    });
}
