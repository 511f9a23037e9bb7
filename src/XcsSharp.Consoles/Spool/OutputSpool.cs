using System.Runtime.InteropServices;
using System.Text;

using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>
/// The output of late of all consoles, in a file that is memory: a daemon that is killed at any instruction leaves there what it has taken from the guests
/// and had not brought to logs and terminals yet, and how far these were. The next daemon goes on with it.
/// </summary>
/// <remarks>
/// Loop thread only. The file is small and of a fixed size: the oldest output gives way, and whoever misses it has a gap.
/// The order is what makes it exact. Output goes here before the guest gets the room in its ring back, with the guest's own count: so what was
/// taken twice is known. The log's place goes here with the size of its file: what the file has beyond that was written by a thread that had no time to say so.
/// Without it (a setting of 0, or a file that can not be had) a daemon that is killed loses what was under way, and nothing else changes.
/// </remarks>
internal sealed class OutputSpool : IDisposable
{
    private readonly SharedFile _file;
    private readonly SpoolRing _ring;
    private readonly Stack<int> _free = [];
    private readonly ILogger _log;
    private readonly int _slots;
    private IReadOnlySet<(uint Domid, int Console)>? _told;
    private bool _isFullSaid;

    /// <param name="file">Of <see cref="SpoolLayout.FileBytes"/>; this one's from now on.</param>
    /// <param name="ringBytes">Of output.</param>
    /// <param name="log">Told when there is no place left.</param>
    internal OutputSpool(SharedFile file, int ringBytes, ILogger log)
    {
        _file = file;
        _ring = new SpoolRing(ringBytes);
        _log = log;
        ref SpoolHeader header = ref MemoryMarshal.AsRef<SpoolHeader>(file.Bytes);
        bool isOld = !file.IsNew && header.Magic == SpoolLayout.Magic && header.RingBytes == ringBytes && _ring.IsSound(file.Bytes);
        if (!file.IsNew && !isOld)
        {
            file.Bytes.Clear();
        }

        header.RingBytes = ringBytes;
        header.Magic = SpoolLayout.Magic;
        Left = isOld ? ReadAll(ringBytes) : [];
        HashSet<int> taken = [.. Left.Select(static left => left.Slot)];
        _slots = SpoolLayout.Slots(ringBytes);
        for (int slot = _slots - 1; slot >= 0; slot--)
        {
            if (taken.Contains(slot))
            {
                continue;
            }

            _free.Push(slot);
            if (isOld)
            {
                // What can not be, and was passed over.
                OwnerOf(slot) = default;
            }
        }
    }

    /// <summary>What was found.</summary>
    public IReadOnlyList<SpooledConsole> Left { get; }

    /// <param name="path">Whose directory nobody else may write.</param>
    /// <param name="bytes">Of output, at least 1; rounded, and never less than 64 KiB. What a daemon that was killed has left keeps its size.</param>
    /// <param name="log">Told when it can not be had, and when it has another size.</param>
    public static OutputSpool? Open(string path, int bytes, ILogger log)
    {
        int ringBytes = Math.Max(SpoolLayout.LeastRingBytes, bytes) / SpoolLayout.RingBytesASlot * SpoolLayout.RingBytesASlot;
        try
        {
            SharedFile file = SharedFile.Open(path, SpoolLayout.FileBytes(ringBytes), SpoolLayout.IsWhole);
            int kept = SpoolLayout.RingBytes(file.Bytes.Length);
            if (kept != ringBytes)
            {
                log.SpoolKeepsItsSize(kept, ringBytes);
            }

            return new OutputSpool(file, kept, log);
        }
        catch (IOException failure)
        {
            log.NoSpool(failure.Message);
            return null;
        }
    }

    /// <summary>A place for a console that prints for the first time; null when there are too many.</summary>
    /// <param name="who">Which console, by its domain; it gets a number.</param>
    /// <param name="logName">Its log's file; empty: there is none.</param>
    /// <param name="record">How far it is.</param>
    public SpoolPlace? Claim(SpoolOwner who, string logName, in SpoolRecord record)
    {
        if (!_free.TryPop(out int slot))
        {
            if (!_isFullSaid)
            {
                _isFullSaid = true;
                _log.SpoolFull(who.Domid);
            }

            return null;
        }

        ref SpoolHeader header = ref MemoryMarshal.AsRef<SpoolHeader>(_file.Bytes);
        header.LastOwner = header.LastOwner == uint.MaxValue ? 1 : header.LastOwner + 1;
        ref SpoolOwner owner = ref OwnerOf(slot);
        owner.Domid = who.Domid;
        owner.Console = who.Console;
        owner.Uuid = who.Uuid;
        WriteName(slot, logName);
        Write(slot, record);
        Volatile.Write(ref owner.Number, header.LastOwner);
        return new SpoolPlace(this, slot, header.LastOwner, record);
    }

    /// <summary>A console goes on in the place that it had.</summary>
    public SpoolPlace GoOnWith(SpooledConsole left)
    {
        Write(left.Slot, left.Record);
        return new SpoolPlace(this, left.Slot, left.Owner.Number, left.Record);
    }

    public void Append(uint owner, long position, long time, ReadOnlySpan<byte> output)
        => _ring.Append(_file.Bytes, owner, position, time, output);

    public void Write(int slot, in SpoolRecord record)
    {
        ref SpoolOwner owner = ref OwnerOf(slot);
        uint next = owner.Active ^ 1;
        MemoryMarshal.Write(_file.Bytes[RecordOffset(slot, next)..], record);
        Volatile.Write(ref owner.Active, next);
    }

    public void WriteName(int slot, string name)
    {
        ref SpoolOwner owner = ref OwnerOf(slot);
        owner.NameBytes = 0;
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        if (bytes.Length <= SpoolLayout.MostNameBytes)
        {
            bytes.CopyTo(_file.Bytes[(SpoolLayout.SlotOffset(slot) + SpoolLayout.NameOffset)..]);
            Volatile.Write(ref owner.NameBytes, bytes.Length);
        }
    }

    /// <summary>The next daemon goes on with all that is in it, as after a kill: nothing is released any more, and the file stays.</summary>
    public void Leave() => Keep(new HashSet<(uint, int)>());

    /// <summary>
    /// From here on it is left as a daemon leaves it that is killed: places that are given up stay, but for those of consoles that the next daemon hears
    /// of in another way.
    /// </summary>
    /// <param name="told">Those, by domain and number.</param>
    public void Keep(IReadOnlySet<(uint Domid, int Console)> told) => _told = told;

    /// <summary>True once the next daemon goes on with what is in this place.</summary>
    public bool IsLeft(int slot) => _told is not null && !_told.Contains((OwnerOf(slot).Domid, OwnerOf(slot).Console));

    public void Release(int slot)
    {
        if (IsLeft(slot))
        {
            return;
        }

        Volatile.Write(ref OwnerOf(slot).Number, 0);
        _free.Push(slot);
    }

    /// <summary>For an orderly end: nothing is under way any more, unless something is left.</summary>
    public void Dispose()
    {
        if (_told is null || _free.Count == _slots)
        {
            _file.Remove();
        }

        _file.Dispose();
    }

    private List<SpooledConsole> ReadAll(int ringBytes)
    {
        List<SpooledConsole> left = [];
        byte[] file = _file.Bytes.ToArray();
        for (int slot = 0; slot < SpoolLayout.Slots(ringBytes); slot++)
        {
            if (Read(file, slot) is { } console)
            {
                left.Add(console);
            }
        }

        Dictionary<uint, SpooledConsole> owners = [];
        foreach (SpooledConsole console in left)
        {
            owners.TryAdd(console.Owner.Number, console);
        }

        foreach ((SpoolEntry entry, byte[] output) in left.Count > 0 ? _ring.Read(file) : [])
        {
            owners.GetValueOrDefault(entry.Owner)?.Add(entry, output);
        }

        left.ForEach(static console => console.Complete());
        return left;
    }

    private static SpooledConsole? Read(byte[] file, int slot)
    {
        int offset = SpoolLayout.SlotOffset(slot);
        SpoolOwner owner = MemoryMarshal.Read<SpoolOwner>(file.AsSpan(offset));
        if (owner.Number == 0 || owner.Active > 1 || owner.NameBytes is < 0 or > SpoolLayout.MostNameBytes)
        {
            return null;
        }

        SpoolRecord record = MemoryMarshal.Read<SpoolRecord>(file.AsSpan(RecordOffset(slot, owner.Active)));
        string name = Encoding.UTF8.GetString(file, offset + SpoolLayout.NameOffset, owner.NameBytes);
        bool isSound = record.End is >= 0 and < long.MaxValue / 2
            && record.LogPosition >= 0 && record.LogPosition <= record.End
            && record.Logged >= 0 && record.Logged <= record.LogPosition
            && record.MarkBytes >= 0 && record.BehindMark >= 0 && record.BehindMark <= record.End
            && record.Terminal >= 0 && record.Terminal <= record.End
            && record.Journal >= 0 && record.Journal <= record.End
            && record.FilterHeld <= SpoolLayout.MostHeldBytes
            && (record.Filter is not { } filter || TerminalFilter.IsState(filter))
            && !name.Contains('/');
        return isSound ? new SpooledConsole(slot, owner, name, record) : null;
    }

    private ref SpoolOwner OwnerOf(int slot) => ref MemoryMarshal.AsRef<SpoolOwner>(_file.Bytes[SpoolLayout.SlotOffset(slot)..]);

    private static int RecordOffset(int slot, uint which)
        => SpoolLayout.SlotOffset(slot) + SpoolLayout.RecordOffset + ((int)which * SpoolLayout.RecordBytes);
}
