using System.Globalization;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;

namespace XcsSharp.Xen;

/// <summary>The nodes of secondary consoles: made and removed, both ends together, in transactions.</summary>
/// <remarks>
/// Who else reads them. A domain's QEMU looks through <c>backend/console/N</c> too, and takes what has the type ioemu
/// in the front end's directory. The older one writes its own state to any back end that is in the state Initialising
/// (hw/xen/xen-legacy-backend.c): ours begins with InitWait and is never in that state. The toolstack's own consoles
/// beside ours (the primary one, channels) are told apart by a key that only we write.
/// </remarks>
internal sealed class SecondaryConsoleKeys(XenStoreConnection store)
{
    /// <summary>Below it a directory a domid, and below that one a number.</summary>
    public const string BackEnds = "/local/domain/0/backend/console";

    private const string Owner = "xcsd";

    /// <summary>Makes both directories.</summary>
    /// <returns>EEXIST when the number is in use, also by somebody else; ENOENT when the domain has no home any more.</returns>
    public Errno Create(SecondaryConsole console) => store.InTransaction(transaction =>
    {
        Errno error = store.Read(console.Domain.NamePath, out _, transaction);
        if (error != Errno.OK)
        {
            return error;
        }

        error = store.Read(console.FrontEndPath, out _, transaction);
        if (error is Errno.OK)
        {
            return Errno.EEXIST;
        }

        error = error == Errno.ENOENT ? MakeFrontEnd(console, transaction) : error;
        return error == Errno.OK ? MakeBackEnd(console, transaction) : error;
    });

    /// <summary>Removes both directories.</summary>
    public Errno Remove(SecondaryConsole console)
    {
        Errno error = store.InTransaction(transaction =>
        {
            Errno removed = store.Remove(console.FrontEndPath, transaction);
            return removed is Errno.OK or Errno.ENOENT ? Ignoring(store.Remove(console.BackEndPath, transaction)) : removed;
        });
        RemoveIfEmpty(console.Domain.BackEndConsolesPath);
        return error;
    }

    /// <summary>Removes our own of what is in a directory of back ends; a front end is in the home of its domain.</summary>
    /// <param name="directory">A domid's.</param>
    /// <param name="except">What was made for this life of the domid stays.</param>
    public void RemoveBackEnds(string directory, Guid? except = null)
    {
        foreach (int number in OurNumbers(directory))
        {
            string path = $"{directory}/{Text(number)}";
            bool stays = except is { } life
                && store.Read(path + "/uuid", out string? uuid) == Errno.OK
                && uuid == life.ToString();
            if (!stays)
            {
                _ = store.Remove(path);
            }
        }

        RemoveIfEmpty(directory);
    }

    /// <summary>Numbers of the back ends in a directory that this daemon made, in an earlier life too.</summary>
    public List<int> OurNumbers(string directory)
    {
        List<int> numbers = [];
        if (store.List(directory, out string[] names) == Errno.OK)
        {
            foreach (string name in names)
            {
                if (GuestText.TryParseNumber(name, 1, SecondaryConsole.MaxNumber, out ulong number)
                    && store.Read($"{directory}/{name}/owner", out string? owner) == Errno.OK
                    && owner == Owner)
                {
                    numbers.Add((int)number);
                }
            }
        }

        return numbers;
    }

    /// <summary>The domids that have a directory of back ends.</summary>
    public IEnumerable<uint> Domids()
    {
        if (store.List(BackEnds, out string[] names) == Errno.OK)
        {
            foreach (string name in names)
            {
                if (GuestText.TryParseNumber(name, 1, uint.MaxValue, out ulong domid))
                {
                    yield return (uint)domid;
                }
            }
        }
    }

    public Errno WriteState(SecondaryConsole console, XenbusState state)
        => store.Write(console.BackEndPath + "/state", Text((int)state));

    /// <summary>Takes back the terminal's name, whoever wrote it.</summary>
    public void RemoveTerminal(SecondaryConsole console) => _ = store.Remove(console.FrontEndPath + "/tty");

    /// <summary>Tells the guest that the device is to go.</summary>
    public Errno WriteOffline(SecondaryConsole console) => store.Write(console.BackEndPath + "/online", "0");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Errno Ignoring(Errno error) => error == Errno.ENOENT ? Errno.OK : error;

    private void RemoveIfEmpty(string directory)
    {
        if (store.List(directory, out string[] left) == Errno.OK && left.Length == 0)
        {
            _ = store.Remove(directory);
        }
    }

    private Errno MakeFrontEnd(SecondaryConsole console, uint transaction)
    {
        // As the toolstack makes a device: the directory is the guest's, what the guest must not change is ours.
        Writer writer = new(store, console.FrontEndPath, transaction);
        uint guest = console.Domain.Domid;
        writer.Put("", "", owner: guest, reader: 0);
        writer.Put("backend", console.BackEndPath, owner: 0, reader: guest);
        writer.Put("backend-id", "0", owner: 0, reader: guest);
        writer.Put("protocol", "vt100", owner: guest, reader: 0);
        writer.Put("state", Text((int)XenbusState.Initialising), owner: guest, reader: 0);
        writer.Put("type", "xenconsoled", owner: 0, reader: guest);
        writer.Put("output", "pty", owner: 0, reader: guest);
        writer.Put("tty", "", owner: 0, reader: guest);
        return writer.Error;
    }

    private Errno MakeBackEnd(SecondaryConsole console, uint transaction)
    {
        Writer writer = new(store, console.BackEndPath, transaction);
        uint guest = console.Domain.Domid;
        writer.Put("", "", owner: 0, reader: guest);
        writer.Put("frontend", console.FrontEndPath, owner: 0, reader: guest);
        writer.Put("frontend-id", guest.ToString(CultureInfo.InvariantCulture), owner: 0, reader: guest);
        writer.Put("owner", Owner, owner: 0, reader: guest);
        writer.Put("uuid", console.Domain.Uuid.ToString(), owner: 0, reader: guest);
        writer.Put("protocol", "vt100", owner: 0, reader: guest);
        writer.Put("online", "1", owner: 0, reader: guest);
        writer.Put("state", Text((int)console.State), owner: 0, reader: guest);
        return writer.Error;
    }

    /// <summary>Writes nodes until one fails.</summary>
    private ref struct Writer(XenStoreConnection store, string directory, uint transaction)
    {
        public Errno Error { get; private set; }

        public void Put(string key, string value, uint owner, uint reader)
        {
            if (Error != Errno.OK)
            {
                return;
            }

            string path = key.Length == 0 ? directory : $"{directory}/{key}";
            Error = store.WriteOwned(path, value, owner, reader, transaction);
        }
    }
}
