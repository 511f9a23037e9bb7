using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Interop.Linux;

namespace XcsSharp.Reactor;

/// <summary>What a pseudo-terminal tells its owner, on the loop's thread. The owner may dispose it in any of these.</summary>
public interface IPtyOwner
{
    /// <param name="pty">The terminal.</param>
    /// <param name="bytes">What was typed at the slave; valid until the call returns.</param>
    void OnInput(PseudoTerminal pty, ReadOnlySpan<byte> bytes);

    /// <summary>After a write that was not taken whole there is room again.</summary>
    void OnWritable(PseudoTerminal pty);

    /// <summary>The terminal was hung up (vhangup) and is of no more use; called once. Open another.</summary>
    void OnLost(PseudoTerminal pty);
}

/// <summary>
/// The master of a raw pseudo-terminal. We keep the slave open ourselves: readers may come and go, and what was
/// written while there was none waits for the next.
/// </summary>
public sealed class PseudoTerminal : IReadyHandler, IDisposable
{
    private const int ReadsPerTurn = 4;

    private readonly EventLoop _loop;
    private readonly IPtyOwner _owner;
    private readonly SafeFileHandle _master;
    private readonly SafeFileHandle _slave;
    private readonly Registration _registration;
    private readonly Registration _slaveRegistration;
    private bool _reading = true;
    private bool _waitingForWritable;
    private bool _disposed;

    private PseudoTerminal(EventLoop loop, IPtyOwner owner, SafeFileHandle master, SafeFileHandle slave, string path)
    {
        _loop = loop;
        _owner = owner;
        _master = master;
        _slave = slave;
        SlavePath = path;
        _registration = loop.Register(master, Readiness.Readable, this);

        // vhangup tells the slave's descriptors; the master hears of it only when the last of them is closed, and
        // we keep one open ourselves. The slave is asked for nothing but its hang-up, which epoll always reports.
        _slaveRegistration = loop.Register(slave, Readiness.None, new SlaveWatch(this));
    }

    /// <summary>/dev/pts/N; the number is given to another terminal after this one is disposed.</summary>
    public string SlavePath { get; }

    /// <summary>Whether something that was written has not been read by the slave's reader.</summary>
    public bool HasUnread => !_disposed && Terminals.HasUnread(_slave);

    /// <exception cref="ErrnoException">No terminal left (kernel.pty.max), or no descriptor.</exception>
    public static PseudoTerminal Open(EventLoop loop, IPtyOwner owner)
    {
        SafeFileHandle master = Terminals.OpenMaster();
        SafeFileHandle? slave = null;
        try
        {
            string path = Terminals.SlavePath(master);
            slave = Terminals.OpenSlave(path);
            if (!Terminals.TryGetSettings(slave, out termios settings))
            {
                throw new ErrnoException("tcgetattr", Errno.EIO, path);
            }

            Terminals.SetSettings(slave, Terminals.Raw(settings)).OrThrow("tcsetattr", path);
            return new PseudoTerminal(loop, owner, master, slave, path);
        }
        catch
        {
            slave?.Dispose();
            master.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with a terminal that another process of ours has opened; its settings and what is in it stay.</summary>
    /// <param name="loop">Its loop.</param>
    /// <param name="owner">Hears of it.</param>
    /// <param name="descriptors">Its master, and its slave if that was not hung up meanwhile, in any order; owned from here on.</param>
    /// <returns>Null when they are no terminal, or one that is of no more use.</returns>
    public static PseudoTerminal? Adopt(EventLoop loop, IPtyOwner owner, IReadOnlyList<SafeFileHandle> descriptors)
    {
        SafeFileHandle? master = descriptors.FirstOrDefault(Terminals.IsMaster);
        SafeFileHandle? slave = descriptors.FirstOrDefault(descriptor => descriptor != master);
        if (master is not null && descriptors.Count == 2 && Terminals.TryGetSettings(slave!, out _))
        {
            try
            {
                Sys.SetNonBlocking(master);
                return new PseudoTerminal(loop, owner, master, slave!, Terminals.SlavePath(master));
            }
            catch (ErrnoException)
            {
                // Below: closed.
            }
        }

        foreach (SafeFileHandle descriptor in descriptors)
        {
            descriptor.Dispose();
        }

        return null;
    }

    /// <summary>The slave's path of the master among these; null when there is none.</summary>
    public static string? FindDevice(IReadOnlyList<SafeFileHandle> descriptors)
        => descriptors.FirstOrDefault(Terminals.IsMaster) is { } master ? Terminals.SlavePath(master) : null;

    /// <summary>Its master and its slave, for who keeps copies of them; not to be disposed.</summary>
    public IReadOnlyList<SafeFileHandle> Descriptors => [_master, _slave];

    /// <summary>Writes towards the slave as much as it takes now.</summary>
    /// <returns>Bytes taken; when less than all, <see cref="IPtyOwner.OnWritable"/> follows.</returns>
    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (_disposed || _waitingForWritable)
        {
            return 0;
        }

        int taken = 0;
        while (taken < bytes.Length)
        {
            SysResult written = Sys.Write(_master, bytes[taken..]);
            taken += written.Value;
            if (!written.IsOk || written.Value == 0)
            {
                // EIO is the hang-up: the loop reports that.
                _waitingForWritable = written.Error is Errno.EAGAIN or Errno.OK;
                UpdateInterest();
                break;
            }
        }

        return taken;
    }

    /// <summary>Leaves what is typed in the terminal, whose buffer then fills up. A hang-up is told nevertheless.</summary>
    public void PauseReading()
    {
        _reading = false;
        UpdateInterest();
    }

    public void ResumeReading()
    {
        _reading = true;
        UpdateInterest();
    }

    /// <summary>Leaves the terminal to who goes on with it.</summary>
    /// <returns>Its master and its slave.</returns>
    public IReadOnlyList<SafeFileHandle> Detach()
    {
        _disposed = true;
        _registration.Dispose();
        _slaveRegistration.Dispose();
        return Descriptors;
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _registration.Dispose();
        _slaveRegistration.Dispose();
        _slave.Dispose();
        _master.Dispose();
    }

    void IReadyHandler.OnReady(Readiness ready)
    {
        if (_reading && (ready & Readiness.Readable) != 0 && !ReceiveAll())
        {
            // More of it waits; a hang-up does too.
            ready &= ~(Readiness.HangUp | Readiness.Error);
        }

        if (_waitingForWritable && !_disposed && (ready & Readiness.Writable) != 0)
        {
            _waitingForWritable = false;
            UpdateInterest();
            _owner.OnWritable(this);
        }

        if ((ready & (Readiness.HangUp | Readiness.Error)) != 0)
        {
            Lose();
        }
    }

    private void OnSlaveHungUp()
    {
        // What was typed before comes first; level-triggered, so the hang-up comes again.
        if (!_reading || ReceiveAll())
        {
            Lose();
        }
    }

    private void Lose()
    {
        if (!_disposed)
        {
            Dispose();
            _owner.OnLost(this);
        }
    }

    /// <returns>False when there may be more to read, and the others have their turn first.</returns>
    private bool ReceiveAll()
    {
        Span<byte> buffer = _loop.SharedBuffer;
        for (int reads = 0; reads < ReadsPerTurn && _reading && !_disposed; reads++)
        {
            SysResult read = Sys.Read(_master, buffer);
            if (!read.IsOk || read.Value == 0)
            {
                return true;
            }

            _owner.OnInput(this, buffer[..read.Value]);
        }

        return !_reading;
    }

    private void UpdateInterest()
    {
        if (!_disposed)
        {
            _registration.ChangeInterest((_reading ? Readiness.Readable : Readiness.None)
                | (_waitingForWritable ? Readiness.Writable : Readiness.None));
        }
    }

    private sealed class SlaveWatch(PseudoTerminal terminal) : IReadyHandler
    {
        public void OnReady(Readiness ready) => terminal.OnSlaveHungUp();
    }
}
