using System.Globalization;
using System.Runtime.InteropServices;

using Microsoft.Extensions.Logging.Abstractions;

using XcsSharp.Consoles;
using XcsSharp.Fuzz.Engine;
using XcsSharp.Reactor;

namespace XcsSharp.Fuzz.Targets;

/// <summary>
/// The spool of a daemon that is killed again and again between two things that consoles tell it. Each successor finds what was told: how far all are, and the newest
/// output without a gap. Where a hand has changed the file, whatever is found makes sense, and can be gone on with.
/// </summary>
internal sealed class SpoolTarget : IFuzzTarget
{
    // As small as it gets: a place for each console, and what comes round comes round often.
    private const int RingBytes = Consoles * SpoolLayout.RingBytesASlot;
    private const int Consoles = 4;

    /// <summary>What comes round, and as much behind it as is ever asked for in one piece.</summary>
    private static readonly byte[] s_output = [.. Enumerable.Range(0, 2048 + RingBytes).Select(static i => (byte)(i * 7 >> 3))];

    private readonly SharedFile _file;
    private readonly Told?[] _told = new Told?[Consoles];
    private OutputSpool _spool = null!;
    private int _lives;
    private bool _isDamaged;

    public SpoolTarget()
    {
        // Once for all: to map a file costs more than all that is done with it, and whether it is opened or was open all the time makes no difference to what is in it.
        string path = string.Create(CultureInfo.InvariantCulture, $"/dev/shm/xcs-fuzz-{Environment.ProcessId}.spool");
        int length = SpoolLayout.FileBytes(RingBytes);
        SharedFile.Open(path, length, keeps: static (_, _) => false).Dispose();
        _file = SharedFile.Open(path, length, keeps: static (_, _) => false);
        _file.Remove();
    }

    public int MaxLength => 300;

    public IEnumerable<byte[]> Seeds =>
    [
        [0, 0, 16, 0, 100, 0, 3, 0, 10, 4, 0, 6],
        [0, 0, 0, 1, 16, 0, 184, 11, 17, 0, 184, 11, 6, 16, 0, 9, 0, 5, 0, 6, 7, 0],
        [0, 0, 16, 0, 200, 0, 8, 80, 16, 5, 6, 16, 0, 200, 0, 6],
    ];

    public void Run(ReadOnlySpan<byte> bytes)
    {
        FuzzInput input = new(bytes);
        Array.Clear(_told);
        _lives = 0;
        _isDamaged = false;
        _file.Bytes[..SharedFile.HeadBytes].Clear();
        _spool = new OutputSpool(_file, RingBytes, NullLogger.Instance);
        while (!input.IsEmpty)
        {
            Step(ref input);
        }

        Kill([]);
    }

    public void Dispose() => _file.Dispose();

    private void Step(ref FuzzInput input)
    {
        int kind = input.Byte() % 9;
        if (kind is 6 or 8)
        {
            Kill(kind == 6 ? [] : [(input.U16(), input.Byte())]);
            return;
        }

        int console = input.Byte() % Consoles;
        if (_told[console] is not { } told)
        {
            _told[console] = Claim(console);
            return;
        }

        switch (kind)
        {
            case < 3:
                ReadOnlySpan<byte> output = Output(told.Life, told.Record.End, (input.U16() % 5_000) + 1);
                uint index = input.U16();
                told.Place.Append(told.Record.End, output, index, time: 1);
                told.Record.End += output.Length;
                told.Record.OutputIndex = index;
                break;
            case 3:
                told.Record.LogPosition = told.Record.End - Math.Min(told.Record.End, input.Byte());
                told.Record.Logged = told.Record.LogPosition / 2;
                told.Record.LogInode = input.U16();
                told.Record.LogSize = input.U16();
                told.Record.MarkBytes = 0;
                told.Place.NoteLog(told.Record.LogPosition, told.Record.Logged, null, new FileEnd(told.Record.LogInode, told.Record.LogSize));
                break;
            case 4:
                told.Record.BehindMark = told.Record.End - Math.Min(told.Record.End, input.Byte());
                told.Record.MarkBytes = input.Byte();
                told.Place.NoteMark(told.Record.BehindMark, told.Record.MarkBytes);
                break;
            case 5:
                told.Record.Terminal = told.Record.End - Math.Min(told.Record.End, input.Byte());
                told.Record.Journal = told.Record.End;
                told.Place.NoteReaders(told.Record.Terminal, told.Record.Journal);
                break;
            default:
                told.Place.Release();
                _told[console] = null;
                break;
        }
    }

    private Told? Claim(int console)
    {
        int life = ++_lives;
        SpoolPlace? place = _spool.Claim(new SpoolOwner { Domid = (uint)life, Console = console }, $"guest-{console}.log", default);
        Expect.That(place is not null || _isDamaged, "there is a place for so few");
        return place is null ? null : new Told(life, place) { Console = console };
    }

    /// <summary>The next daemon finds the file as it is, but for what was changed by hand.</summary>
    private void Kill(ReadOnlySpan<(ushort At, byte Value)> changes)
    {
        foreach ((ushort at, byte value) in changes)
        {
            // All of the slots and the header, and the ring's beginning.
            _file.Bytes[at % (SpoolLayout.RingOffset(RingBytes) + 4096)] = value;
            _isDamaged = true;
        }

        _spool = new OutputSpool(_file, RingBytes, NullLogger.Instance);
        Told?[] before = [.. _told];
        Array.Clear(_told);
        foreach (SpooledConsole left in _spool.Left)
        {
            Judge(left);
            Told? told = Array.Find(before, one => one is not null && one.Life == left.Owner.Domid && one.Console == left.Owner.Console);
            if (!_isDamaged)
            {
                Expect.That(told is not null, "a console is found that was given up");
                SpoolRecord record = left.Record;
                Expect.Same(MemoryMarshal.AsBytes(new ReadOnlySpan<SpoolRecord>(in told!.Record)), MemoryMarshal.AsBytes(new ReadOnlySpan<SpoolRecord>(in record)), "a console is as far as was told last");
                Expect.Same(Output(told.Life, left.Start, (int)(left.End - left.Start)), BytesOf(left), "what is left is the newest output");
            }

            SpoolPlace place = _spool.GoOnWith(left);
            if (told is not null && (uint)left.Owner.Console < Consoles)
            {
                _told[left.Owner.Console] = told with { Place = place, Record = left.Record };
            }
        }

        if (!_isDamaged)
        {
            Expect.Equal(before.Count(static one => one is not null), _spool.Left.Count, "consoles that are found");
        }
    }

    private static void Judge(SpooledConsole left)
    {
        Expect.That(left.Start >= 0 && left.Start <= left.End && left.End - left.Start <= RingBytes, "what is left is a stretch");
        Expect.That(left.Record.LogPosition >= 0 && left.Record.LogPosition <= left.End && left.Record.Logged <= left.Record.LogPosition, "the log is somewhere in the output");
        Expect.That(left.LogName.Length <= 255 && !left.LogName.Contains('/'), "the log is a file of its directory");
        Expect.Equal(left.End, left.MakeHistory(RingBytes, 0, budget: null).End, "the end of the history");
    }

    private static byte[] BytesOf(SpooledConsole left)
    {
        Backlog history = left.MakeHistory(RingBytes, 0, budget: null);
        byte[] bytes = new byte[left.End - left.Start];
        for (int at = 0; at < bytes.Length;)
        {
            ReadOnlySpan<byte> piece = history.Read(left.Start + at);
            piece.CopyTo(bytes.AsSpan(at));
            at += piece.Length;
        }

        return bytes;
    }

    private static ReadOnlySpan<byte> Output(int life, long position, int count) => s_output.AsSpan((int)((position + (life * 37)) % 2048), count);

    /// <summary>What one console has told.</summary>
    private sealed record Told(int Life, SpoolPlace Place)
    {
        public SpoolRecord Record;

        public int Console { get; init; }
    }
}
