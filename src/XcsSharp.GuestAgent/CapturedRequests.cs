using System.Globalization;

using XcsSharp.Client.Capture;
using XcsSharp.Protocol;

namespace XcsSharp.GuestAgent;

/// <summary>The requests that one guest sent, out of a capture, in order.</summary>
internal sealed class CapturedRequests : IDisposable
{
    private readonly FileStream _file;
    private readonly PcapngReader _reader;
    private readonly uint _domid;

    private CapturedRequests(string path, uint domid)
    {
        _file = OpenFile(path);
        _reader = new PcapngReader(_file);
        _domid = domid;
    }

    /// <summary>Reads the whole capture once, so that what is sent afterwards is whole, then goes back to its start.</summary>
    /// <param name="path">The capture.</param>
    /// <param name="domain">Whose requests: a domid or a name. Null where the capture has one guest.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or has not exactly one such guest; the message says what to do.</exception>
    public static CapturedRequests Open(string path, string? domain)
    {
        SortedDictionary<uint, string> guests = GuestsIn(path);
        KeyValuePair<uint, string>[] meant = [.. guests.Where(guest => domain is null || IsCalled(guest, domain))];
        if (meant is [KeyValuePair<uint, string> one])
        {
            return new CapturedRequests(path, one.Key);
        }

        if (guests.Count == 0)
        {
            throw new InvalidDataException($"{path} has no request of a guest; see: xcsctl dump --read {path}");
        }

        string all = string.Join(", ", guests.Take(20).Select(guest => $"{Printable(guest.Value)}({guest.Key})"));
        throw new InvalidDataException(
            meant.Length == 0 ? $"{path} has no requests of '{domain}'; give --domain one of {all}"
            : $"{path} has requests of several guests; give --domain and the number of one of {all}");
    }

    /// <summary>Gives the next request, its id and the bytes behind its payload included.</summary>
    /// <returns>False at the end.</returns>
    public bool TryTake(out ControlMessage request)
    {
        while (_reader.TryRead(out CapturedRecord record))
        {
            if (IsRequest(record) && record.Domid == _domid)
            {
                request = record.Record.Message;
                return true;
            }
        }

        request = default;
        return false;
    }

    public void Dispose() => _file.Dispose();

    private static SortedDictionary<uint, string> GuestsIn(string path)
    {
        SortedDictionary<uint, string> guests = [];
        using FileStream file = OpenFile(path);
        PcapngReader reader = new(file);
        try
        {
            while (reader.TryRead(out CapturedRecord record))
            {
                if (IsRequest(record))
                {
                    guests[record.Domid] = record.DomainName;
                }
            }
        }
        catch (InvalidDataException damaged)
        {
            throw new InvalidDataException($"{path}: {damaged.Message}", damaged);
        }

        return reader.IsCutShort
            ? throw new InvalidDataException(
                $"{path} ends in the middle of a block; what is whole is kept by: xcsctl dump --read {path} --pcap NEW")
            : guests;
    }

    private static FileStream OpenFile(string path)
        => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 64 * 1024);

    private static bool IsRequest(in CapturedRecord record)
        => record.Record.Type == RecordType.Request && record.Direction == MessageDirection.FromGuest;

    private static bool IsCalled(KeyValuePair<uint, string> guest, string domain)
        => guest.Value == domain || guest.Key.ToString(CultureInfo.InvariantCulture) == domain;

    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
