using System.Diagnostics;

namespace XcsSharp.Reactor.Tests;

public sealed class PseudoTerminalTests : IDisposable
{
    private static readonly byte[] s_allBytes = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];

    private readonly LoopRig _rig = new();
    private readonly Owner _owner = new();
    private readonly PseudoTerminal _terminal;

    public PseudoTerminalTests() => _terminal = _rig.Own(PseudoTerminal.Open(_rig.Loop, _owner));

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Every_byte_passes_unchanged_both_ways()
    {
        SafeFileHandle slave = OpenSlave();
        Assert.Equal(256, _terminal.TryWrite(s_allBytes));
        Assert.Equal(s_allBytes, ReadUntil(slave, 256));

        slave.WriteSome(s_allBytes);
        _rig.TurnUntil(() => _owner.Input.Length == 256);
        Assert.Equal(s_allBytes, _owner.Input.ToArray());

        // Nothing of it was echoed.
        Assert.Empty(slave.ReadAll());
        _rig.AssertSleeps();
    }

    [Fact]
    public void Without_a_reader_the_terminal_takes_a_part_and_loses_nothing_of_it()
    {
        byte[] text = Text(300_000);
        int taken = _terminal.TryWrite(text);
        Assert.InRange(taken, 1, text.Length - 1);
        Assert.Equal(0, _terminal.TryWrite(text.AsSpan(taken)));

        // The kernel carries bytes to the reader's side a moment later, which makes room once more; then it is full.
        _owner.WhenWritable = () => taken += _terminal.TryWrite(text.AsSpan(taken));
        _rig.TurnUntilSilent();
        Assert.InRange(taken, 1, text.Length - 1);
        _rig.AssertSleeps();
        int before = _owner.Writables;

        SafeFileHandle slave = OpenSlave();
        MemoryStream read = new();
        _rig.TurnUntil(() =>
        {
            read.Write(slave.ReadAll());
            return read.Length == text.Length;
        });
        Assert.Equal(text, read.ToArray());
        Assert.True(_owner.Writables > before);
        Assert.Equal(text.Length, taken);
    }

    [Fact]
    public void What_the_kernel_has_not_carried_to_the_readers_side_yet_is_unread_too()
    {
        // More than the reader's side holds: each read makes room for a piece that is still under way.
        byte[] buffer = new byte[4096];
        SafeFileHandle slave = OpenSlave();
        for (int round = 0; round < 20; round++)
        {
            Assert.False(_terminal.HasUnread);
            int left = _terminal.TryWrite(Text(50_000));
            while (left > 0)
            {
                Assert.True(_terminal.HasUnread, $"{left} bytes are not read, and do not show");
                left -= Sys.Read(slave, buffer).OrThrow("read");
            }
        }

        Assert.False(_terminal.HasUnread);
    }

    [Fact]
    public void Readers_come_and_go_and_what_is_written_in_between_waits()
    {
        for (int i = 0; i < 5; i++)
        {
            byte[] text = Text(100 + i);
            Assert.Equal(text.Length, _terminal.TryWrite(text));
            _rig.AssertSleeps();
            using SafeFileHandle slave = OpenSlave();
            Assert.Equal(text, ReadUntil(slave, text.Length));
            slave.WriteSome([(byte)i]);
            _rig.TurnUntil(() => _owner.Input.Length == i + 1);
        }

        _rig.AssertSleeps();
        Assert.Equal(0, _owner.Losses);
    }

    [Fact]
    public void A_hung_up_terminal_is_lost_once_after_its_last_input_and_another_can_be_opened()
    {
        using SafeFileHandle slave = OpenSlave();
        slave.WriteSome([1, 2, 3]);
        AwaitArrival();
        HangUp(_terminal.SlavePath);
        _rig.TurnUntil(() => _owner.Losses > 0);
        Assert.Equal([1, 2, 3], _owner.Input.ToArray());
        _rig.AssertSleeps();
        Assert.Equal(1, _owner.Losses);
        Assert.Equal(0, _terminal.TryWrite([1]));

        Owner next = new();
        PseudoTerminal another = _rig.Own(PseudoTerminal.Open(_rig.Loop, next));
        using SafeFileHandle reader = Terminals.OpenSlave(another.SlavePath);
        reader.WriteSome([9]);
        _rig.TurnUntil(() => next.Input.Length == 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_hang_up_is_noticed_with_reading_paused_and_with_a_write_waiting(bool writeWaits)
    {
        _terminal.PauseReading();
        if (writeWaits)
        {
            _terminal.TryWrite(Text(300_000));
        }

        HangUp(_terminal.SlavePath);
        _rig.TurnUntil(() => _owner.Losses > 0);
        _rig.AssertSleeps();
        Assert.Equal(1, _owner.Losses);
    }

    [Fact]
    public void Paused_input_waits_in_the_terminal()
    {
        SafeFileHandle slave = OpenSlave();
        _terminal.PauseReading();
        slave.WriteSome([1, 2]);
        _rig.AssertSleeps();
        Assert.Equal(0, _owner.Input.Length);
        _terminal.ResumeReading();
        _rig.TurnUntil(() => _owner.Input.Length == 2);
    }

    [Fact]
    public void Pausing_within_the_input_stops_it_at_once()
    {
        SafeFileHandle slave = OpenSlave();
        _owner.WhenInput = _terminal.PauseReading;
        slave.WriteSome([1]);
        _rig.TurnUntil(() => _owner.Inputs == 1);
        slave.WriteSome(new byte[100]);
        _rig.AssertSleeps();
        Assert.Equal(1, _owner.Inputs);
        _owner.WhenInput = null;
        _terminal.ResumeReading();
        _rig.TurnUntil(() => _owner.Input.Length == 101);
    }

    [Fact]
    public void Disposing_is_legal_in_every_callback_and_frees_the_terminal()
    {
        string path = _terminal.SlavePath;
        SafeFileHandle slave = OpenSlave();
        _owner.WhenInput = _terminal.Dispose;
        slave.WriteSome([1]);
        _rig.TurnUntil(() => _owner.Inputs == 1);
        AssertDead(_terminal, _owner);
        slave.Dispose();
        Assert.False(File.Exists(path) && OwnedByUs(path), path);

        Owner second = new();
        PseudoTerminal writing = _rig.Own(PseudoTerminal.Open(_rig.Loop, second));
        second.WhenWritable = writing.Dispose;
        writing.TryWrite(Text(300_000));
        using SafeFileHandle reader = Terminals.OpenSlave(writing.SlavePath);
        Sys.SetNonBlocking(reader);
        _rig.TurnUntil(() =>
        {
            reader.ReadAll();
            return second.Writables == 1;
        });
        AssertDead(writing, second);

        Owner third = new();
        PseudoTerminal lost = _rig.Own(PseudoTerminal.Open(_rig.Loop, third));
        third.WhenLost = lost.Dispose;
        HangUp(lost.SlavePath);
        _rig.TurnUntil(() => third.Losses == 1);
        AssertDead(lost, third, losses: 1);
    }

    private static void HangUp(string path)
    {
        // TIOCVHANGUP is what vhangup(2), and so getty, does; the right to it is CAP_SYS_ADMIN.
        const string Program = """
            use Fcntl;
            sysopen(my $terminal, $ARGV[0], O_RDWR | O_NOCTTY) or die "open: $!";
            ioctl($terminal, 0x5437, 0) or exit($!{EPERM} ? 77 : 1);
            """;
        using Process perl = Process.Start("perl", ["-e", Program, path]);
        perl.WaitForExit();
        Assert.SkipWhen(perl.ExitCode == 77, "hanging up a terminal needs root (CAP_SYS_ADMIN)");
        Assert.Equal(0, perl.ExitCode);
    }

    private static byte[] Text(int length)
    {
        byte[] text = new byte[length];
        for (int i = 0; i < length; i++)
        {
            text[i] = (byte)((i * 31) ^ (i >> 7));
        }

        return text;
    }

    /// <summary>The number of a closed terminal may belong to another test by now.</summary>
    private static bool OwnedByUs(string path)
        => Directory.GetFileSystemEntries("/proc/self/fd").Any(
            entry => new FileInfo(entry).LinkTarget == path);

    private SafeFileHandle OpenSlave()
    {
        SafeFileHandle slave = _rig.Own(Terminals.OpenSlave(_terminal.SlavePath));
        Sys.SetNonBlocking(slave);
        return slave;
    }

    private byte[] ReadUntil(SafeFileHandle slave, int length)
    {
        MemoryStream read = new();
        _rig.TurnUntil(() =>
        {
            read.Write(slave.ReadAll());
            return read.Length >= length;
        });
        return read.ToArray();
    }

    /// <summary>
    /// Waits until what was typed is in the master. A worker of the kernel carries it there, and a hang-up drops what is
    /// still under way (pty_flush_buffer); asking whether the master is readable, as a change of interest does, waits
    /// for that worker (n_tty_poll).
    /// </summary>
    private void AwaitArrival()
    {
        _terminal.PauseReading();
        _terminal.ResumeReading();
    }

    private void AssertDead(PseudoTerminal terminal, Owner owner, int losses = 0)
    {
        _rig.AssertSleeps();
        Assert.Equal(0, terminal.TryWrite([1]));
        terminal.PauseReading();
        terminal.ResumeReading();
        terminal.Dispose();
        Assert.Equal(losses, owner.Losses);
    }

    private sealed class Owner : IPtyOwner
    {
        public MemoryStream Input { get; } = new();

        public int Inputs { get; private set; }

        public int Writables { get; private set; }

        public int Losses { get; private set; }

        public Action? WhenInput { get; set; }

        public Action? WhenWritable { get; set; }

        public Action? WhenLost { get; set; }

        public void OnInput(PseudoTerminal pty, ReadOnlySpan<byte> bytes)
        {
            Inputs++;
            Input.Write(bytes);
            WhenInput?.Invoke();
        }

        public void OnWritable(PseudoTerminal pty)
        {
            Writables++;
            WhenWritable?.Invoke();
        }

        public void OnLost(PseudoTerminal pty)
        {
            Losses++;
            WhenLost?.Invoke();
        }
    }
}
