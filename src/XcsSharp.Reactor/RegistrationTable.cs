using Microsoft.Win32.SafeHandles;

namespace XcsSharp.Reactor;

/// <summary>
/// Registrations by id, without hashing: the low 24 bits of an id are its slot, the rest counts how many registrations
/// were made before, so a slot is used again but an id never.
/// </summary>
internal sealed class RegistrationTable
{
    private const int SlotBits = 24;
    private const ulong SlotMask = (1UL << SlotBits) - 1;

    private readonly Stack<int> _free = new();
    private Registration?[] _slots = new Registration?[64];
    private int _used;
    private ulong _made;

    public Registration Add(EventLoop loop, SafeFileHandle fd, Readiness interest, IReadyHandler handler)
    {
        if (!_free.TryPop(out int slot))
        {
            slot = _used++;
            if (slot == _slots.Length)
            {
                Array.Resize(ref _slots, slot * 2);
            }
        }

        ulong id = (++_made << SlotBits) | (uint)slot;
        return _slots[slot] = new Registration(loop, fd, id, interest, handler);
    }

    /// <summary>Null when that registration is gone, also when its slot has a new one.</summary>
    public Registration? Find(ulong id)
        => (int)(id & SlotMask) is int slot && slot < _used && _slots[slot] is { } found && found.Id == id ? found : null;

    public void Remove(ulong id)
    {
        if (Find(id) is not null)
        {
            int slot = (int)(id & SlotMask);
            _slots[slot] = null;
            _free.Push(slot);
        }
    }
}
