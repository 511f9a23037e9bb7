using Microsoft.Extensions.Logging.Abstractions;

using XcsSharp.Fuzz.Engine;
using XcsSharp.Fuzz.Targets.ConsoleRings;
using XcsSharp.Fuzz.Targets.Played;
using XcsSharp.Reactor;
using XcsSharp.Rings;
using XcsSharp.Switching;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// A console ring as a guest writes it, also in the middle of a drain, under a real switch and its stream. <see cref="ByteRingModel"/> says
/// what each look must give; what is asked of the stream is here.
/// </summary>
internal sealed class ConsoleRingTarget : IFuzzTarget, IConsoleSubscriber
{
    private const uint Domid = 6;
    private const int MostSteps = 60;
    private const int MostTurns = 200;

    private readonly SteppedClock _clock = new();
    private readonly EventLoop _loop;
    private readonly ControlSwitch _switch;
    private readonly AnonymousPage _page = new();
    private readonly byte[] _expected = new byte[MappedPage.Size];
    private readonly Queue<(Step Step, uint Value)> _meanwhile = new();
    private PlayedConsole? _console;
    private ConsoleStream? _stream;
    private ByteRingModel? _model;
    private bool _isSignalled;
    private ulong _delivered;
    private bool _waitsForRoom;
    private bool _putsAgain;
    private bool _isEnding;
    private byte _next;

    public ConsoleRingTarget()
    {
        _loop = new EventLoop(_clock);
        _switch = new ControlSwitch(_loop, new PlayedXen(), new SwitchOptions { GuestBytesPerSecond = 0 }, NullLogger<ControlSwitch>.Instance);
        _switch.AttachConsoles(this);
        _switch.Start();
    }

    private enum Step
    {
        Poke,
        Print,
        MoveOutput,
        SetOutput,
        Read,
        SetInput,
        Signal,
        Settle,
        Put,
        Meanwhile,
        Restart,
        Policy,
        End,
    }

    public int MaxLength => 320;

    public string Name => "fuzzer";

    public IEnumerable<byte[]> Seeds =>
    [
        [(byte)Step.Print, 20, 0, (byte)Step.Settle, (byte)Step.Put, 9, 0, (byte)Step.Settle, (byte)Step.Read, 9, 0, (byte)Step.Settle],
        [(byte)Step.Print, 0, 8, (byte)Step.Settle, (byte)Step.Put, 0, 5, (byte)Step.Put, 1, 0, (byte)Step.Read, 1, 0, (byte)Step.Settle],
        [(byte)Step.Meanwhile, (byte)Step.Print, 0, 1, 0, 0, (byte)Step.Meanwhile, (byte)Step.MoveOutput, 1, 8, 0, 0, (byte)Step.Print, 1, 0, (byte)Step.Settle],
        [(byte)Step.MoveOutput, 0, 8, (byte)Step.Settle, (byte)Step.MoveOutput, 1, 8, (byte)Step.Settle],
        [(byte)Step.SetInput, 255, 255, 255, 255, (byte)Step.Signal, (byte)Step.Settle, (byte)Step.Put, 5, 0, (byte)Step.Restart, (byte)Step.Settle],
        [(byte)Step.Policy, 1, (byte)Step.Put, 255, 7, (byte)Step.Settle, (byte)Step.Read, 0, 4, (byte)Step.Signal, (byte)Step.Settle],
    ];

    public IReadOnlyList<byte[]> Words =>
    [
        [(byte)Step.Poke, 8, 12, 4, 0, 0, 0, 0], [(byte)Step.Poke, 12, 12, 4, 0, 8, 0, 0], [(byte)Step.Poke, 0, 12, 4, 1, 0, 0, 0],
        [(byte)Step.Poke, 4, 12, 4, 255, 3, 0, 0], [(byte)Step.Print, 0, 8], [(byte)Step.MoveOutput, 1, 8], [(byte)Step.Put, 0, 4],
        [(byte)Step.Signal, (byte)Step.Settle], [(byte)Step.SetOutput, 255, 255, 255, 255], [(byte)Step.Poke, 16, 12, 1, 1],
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        _page.Bytes.Clear();
        _expected.AsSpan().Clear();
        _meanwhile.Clear();
        _putsAgain = false;
        _next = 0;
        _switch.OnDomainAppeared(Domid, "guest", Guid.Empty);
        Open();
        for (int left = MostSteps; left > 0 && !input.IsEmpty; left--)
        {
            Do((Step)(input.Byte() % (byte)Step.End), ref input);
            ExpectPage();
        }

        Signal();
        Settle();
        Close();
        _switch.OnDomainGone(Domid);
    }

    public void Dispose()
    {
        _switch.Dispose();
        _loop.Dispose();
        _page.Dispose();
    }

    void IConsoleSubscriber.OnConsoleOpened(ConsoleStream stream) => _stream = stream;

    void IConsoleSubscriber.OnConsoleClosed(ConsoleStream stream, string reason)
    {
    }

    void IConsoleSubscriber.OnConsoleOutput(ConsoleStream stream, ReadOnlySpan<byte> output)
    {
        Expect.That(!output.IsEmpty, "output has bytes");
        _delivered += (ulong)output.Length;
        Expect.Equal(stream.BytesOut, _delivered, "bytes delivered are those taken");
    }

    void IConsoleSubscriber.OnConsoleRoom(ConsoleStream stream)
    {
        Expect.That(_waitsForRoom, "somebody is told of room who does not wait");
        _waitsForRoom = false;
        if (_putsAgain)
        {
            Put(100);
        }
    }

    private void Do(Step step, ref FuzzInput input)
    {
        switch (step)
        {
            case Step.Poke:
                int at = input.U16() % MappedPage.Size;
                ReadOnlySpan<byte> poked = input.Take(Math.Min(input.Byte() % 16, MappedPage.Size - at));
                poked.CopyTo(_page.Bytes[at..]);
                poked.CopyTo(_expected.AsSpan(at));
                _isSignalled = false;
                break;
            case Step.Print or Step.MoveOutput or Step.Read:
                DoAsGuest(step, input.U16());
                break;
            case Step.SetOutput or Step.SetInput:
                DoAsGuest(step, input.U32());
                break;
            case Step.Signal:
                Signal();
                break;
            case Step.Settle:
                Settle();
                break;
            case Step.Put:
                Put(input.U16() % 2100);
                break;
            case Step.Meanwhile:
                _meanwhile.Enqueue(((Step)(input.Byte() % (byte)Step.End), input.U32()));
                break;
            case Step.Restart:
                Settle();
                Close();
                Open();
                break;
            default:
                _putsAgain = (input.Byte() & 1) != 0;
                break;
        }
    }

    private void DoAsGuest(Step step, uint value)
    {
        switch (step)
        {
            case Step.Print:
                Print((int)(value % 2100));
                break;
            case Step.MoveOutput:
                SetWord(3084, ByteRingModel.Word(_expected, 3084) + (uint)(short)value);
                Signal();
                break;
            case Step.SetOutput:
                SetWord(3084, value);
                break;
            case Step.Read:
                SetWord(3072, ByteRingModel.Word(_expected, 3072) + (uint)(short)value);
                Signal();
                break;
            case Step.SetInput:
                SetWord(3072, value);
                break;
            case Step.Signal:
                Signal();
                break;
        }
    }

    /// <summary>As an honest driver does: as much as there is room for, by the indexes that the page has.</summary>
    private void Print(int count)
    {
        uint producer = ByteRingModel.Word(_expected, 3084);
        uint room = 2048 - (producer - ByteRingModel.Word(_expected, 3080));
        count = room > 2048 ? 0 : Math.Min(count, (int)room);
        for (int i = 0; i < count; i++)
        {
            int at = 1024 + (int)((producer + (uint)i) % 2048);
            _expected[at] = _page.Bytes[at] = _next++;
        }

        SetWord(3084, producer + (uint)count);
        Signal();
    }

    private void SetWord(int offset, uint value)
    {
        _isSignalled = false;
        ByteRingModel.SetWord(_expected, offset, value);
        ByteRingModel.SetWord(_page.Bytes, offset, value);
    }

    private void Signal()
    {
        _isSignalled = true;
        _console!.Port.Raise();
    }

    private void Put(int count)
    {
        ChannelState state = _stream!.State;
        int taken = _stream.Put(new byte[count]);
        Expect.That(state == ChannelState.Open || taken == 0, "input is taken by a console that is not open");
        _waitsForRoom |= taken < count && state == ChannelState.Open;
    }

    private void Open()
    {
        _model = new ByteRingModel(_expected);
        _isSignalled = true;
        _delivered = 0;
        _waitsForRoom = false;
        _isEnding = false;
        _stream = null;
        _expected[3088] = 0;
        _console = new PlayedConsole(_page, _model, OnLook);
        _switch.OnConsoleOffered(Domid, _console);
        Expect.That(_stream is not null, "a console is announced");
        _console.Stream = _stream;
    }

    private void Close()
    {
        _isEnding = true;
        _switch.OnConsoleWithdrawn(Domid, 0, "fuzzed");
        Expect.That(_stream!.State == ChannelState.Closed && _console!.IsDisposed, "a closed console has let go of its page");
        ExpectPage();
    }

    private void OnLook()
    {
        if (_meanwhile.TryDequeue(out (Step Step, uint Value) step))
        {
            DoAsGuest(step.Step, step.Value);
        }
    }

    private void Settle()
    {
        bool willLook = _stream!.State == ChannelState.Open && _console!.Port.IsDeliverable;
        Turn();
        ExpectPage();
        bool isLie = _model!.IsOutputLie || _model.IsInputLie;
        if (_stream.State != ChannelState.Open)
        {
            Expect.That(isLie, "a console is put aside whose guest did not lie");
            return;
        }

        Expect.That(!isLie || _isEnding, "a guest that lies keeps its console");
        Expect.That(!_model.HasMoved, "the guest was not told of what moved");
        if (willLook)
        {
            Expect.That(!_waitsForRoom || _putsAgain, "after a look nobody was told of room");
        }

        if (_isSignalled)
        {
            Expect.Equal(ByteRingModel.Word(_expected, 3084), _model.OutputConsumer, "all output that was signalled is taken");
        }
    }

    private void Turn()
    {
        bool isBusy = true;
        for (int turns = 0; isBusy; turns++)
        {
            Expect.That(turns < MostTurns, "the loop comes to rest");
            _ = _console!.Port.Deliver();
            isBusy = _loop.RunOnce(TimeSpan.Zero) || _console.Port.IsDeliverable;
        }
    }

    private void ExpectPage() => Expect.Same(_expected, _page.Bytes, "the page has what both ends wrote, and nothing else");
}
