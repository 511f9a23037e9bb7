using Microsoft.Win32.SafeHandles;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// The socket of one console. Who connects is a viewer of it like one that has sent <c>ATTACH</c> on the console socket, under the same policy and the
/// same limits; but nothing is ever said to it. One that is refused finds its connection closed, and the log says why.
/// </summary>
/// <remarks>The terms of a viewer without words: the last 2 KiB, then what comes; it types when it may and the writer's seat is its own.</remarks>
internal sealed class ConsoleSocket : IDisposable
{
    private readonly ConsoleSockets _sockets;
    private readonly GuestConsole _console;
    private UnixListener? _listener;
    private string? _name;

    internal ConsoleSocket(ConsoleSockets sockets, GuestConsole console)
    {
        _sockets = sockets;
        _console = console;
        Open();
    }

    /// <summary>Where it listens, or null.</summary>
    internal string? Path => _listener is null ? null : _sockets.PathOf(_name!);

    /// <summary>The console may have another name now, under which it may also work if it did not. Who is connected stays so.</summary>
    internal void OnRenamed()
    {
        if (_name != _sockets.Names.Wanted(_console.Domain.Name, _console.Domain.Domid, _console.Suffix))
        {
            Dispose();
            Open();
        }
    }

    /// <summary>Nobody connects any more; who is connected belongs to the console.</summary>
    public void Dispose()
    {
        _listener?.Dispose();
        _listener = null;
        if (_name is not null)
        {
            _sockets.Names.GiveBack(_name);
            _name = null;
        }
    }

    private void Open()
    {
        _name = _sockets.TakeName(_console.Domain, _console.Suffix);
        _listener = _sockets.Listen(_name, Accept);
    }

    private void Accept(SafeFileHandle socket)
    {
        ConsoleHandler handler = _console.Handler;
        var stream = new UnixStream(handler.Loop, socket, handler.Options.ViewerQueueBytes);
        Client who = Client.At(stream);
        Right right = handler.Rights.For(who, _console.Domain.Name);
        if (Refuse(right) is string refusal || (refusal = handler.Places.TryTake(who.Uid)!) is not null)
        {
            handler.Denials.Note(who.Uid, stream.Peer.Pid, $"{Path}: {refusal}");
            stream.Dispose();
            return;
        }

        stream.Start();
        bool mayWrite = right >= Right.Write;
        AttachWish wish = new(new OutputWish(), default(ViewerWish) with { Mode = mayWrite ? ViewerMode.ReadWrite : ViewerMode.ReadOnly });
        ConsoleViewer viewer = _console.Attach(stream, wish, () => handler.Places.GiveBack(who.Uid), mayWrite: mayWrite);
        if (handler.ViewerLines.MaySay(who.Uid))
        {
            handler.Log.ViewerAttached(_console.Name, viewer.Id, viewer.Who, viewer.Mode);
        }
    }

    /// <returns>Null when it may attach; otherwise why not, with the remedy.</returns>
    private string? Refuse(Right right)
        => right < Right.View ? "the right 'view' is missing in the daemon's access file"
            : _console.IsFull ? $"the console has {_console.Viewers} viewers already; close one, or raise Consoles:MaxViewersPerConsole"
            : _console.Handler.Rights.RefuseAttach(_console, ViewerMode.ReadWrite);
}
