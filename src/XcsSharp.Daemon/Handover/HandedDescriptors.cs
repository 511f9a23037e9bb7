using Microsoft.Win32.SafeHandles;

using XcsSharp.Consoles;

namespace XcsSharp.Daemon.Handover;

/// <summary>One descriptor of a daemon that another goes on with.</summary>
/// <param name="Name">Says what it is; several may have one name.</param>
/// <param name="Handle">Open.</param>
/// <param name="IsStored">Whether the service manager has a copy under this name.</param>
internal readonly record struct HandedDescriptor(string Name, SafeFileHandle Handle, bool IsStored);

/// <summary>
/// All that one daemon leaves for the next: named descriptors, among them the file <see cref="StateName"/> that says what belongs to them. They
/// come by systemd's store after a restart and a crash, by execve at an upgrade, and from this very process when that fails: who takes them does not care.
/// </summary>
internal sealed class HandedDescriptors : IDisposable
{
    /// <summary>With it begin the names of all that we leave with the service manager, also of a newer daemon's that are not known here.</summary>
    public const string Prefix = "~";

    /// <summary>The file of bytes that the document speaks of.</summary>
    public const string BytesName = Prefix + "bytes";

    /// <summary>The document's.</summary>
    public const string StateName = Prefix + "state";

    private readonly List<HandedDescriptor> _descriptors = [];

    public int Count => _descriptors.Count;

    /// <summary>Why the daemon that left them goes on with them itself; null: it does not.</summary>
    public string? Problem { get; set; }

    /// <summary>What is known of the consoles that belong to them; null: nothing.</summary>
    public ConsolesState? Consoles { get; set; }

    /// <summary>Length of the file of bytes.</summary>
    public long Bytes { get; set; }

    public IReadOnlyList<HandedDescriptor> All => _descriptors;

    public void Add(string name, SafeFileHandle handle, bool isStored = false) => _descriptors.Add(new HandedDescriptor(name, handle, isStored));

    public void AddRange(IEnumerable<HandedDescriptor> descriptors) => _descriptors.AddRange(descriptors);

    /// <summary>Hands out those whose name fits; the caller owns them.</summary>
    public IReadOnlyList<HandedDescriptor> Take(Predicate<string> fits)
    {
        HandedDescriptor[] found = [.. _descriptors.Where(descriptor => fits(descriptor.Name))];
        _ = _descriptors.RemoveAll(descriptor => fits(descriptor.Name));
        return found;
    }

    /// <summary>Hands out the one of that name; null when there is none. The caller owns it.</summary>
    public SafeFileHandle? TakeOne(string name)
    {
        IReadOnlyList<HandedDescriptor> found = Take(other => other == name);
        foreach (HandedDescriptor surplus in found.Skip(1))
        {
            surplus.Handle.Dispose();
        }

        return found.Count > 0 ? found[0].Handle : null;
    }

    public void Dispose()
    {
        foreach (HandedDescriptor descriptor in _descriptors)
        {
            descriptor.Handle.Dispose();
        }

        _descriptors.Clear();
    }
}
