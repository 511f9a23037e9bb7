using System.Text;

using Microsoft.Extensions.Logging;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>The way to systemd's journal, which all consoles share. Its native protocol: fields of a line each, one entry a datagram.</summary>
/// <remarks>Loop thread only. A journal that is gone is reported once, and once when it is back.</remarks>
internal sealed class GuestJournal : IDisposable
{
    /// <summary>The most of a line that makes an entry; the rest makes more of them.</summary>
    internal const int MaxLine = 8 * 1024;

    /// <summary>A name has at most 255 bytes, and is there twice; the rest are words and numbers of ours.</summary>
    private const int MaxFields = 1024;

    private readonly DatagramSender _sender;
    private readonly ILogger _log;
    private readonly byte[] _entry = new byte[MaxFields + MaxLine + 1];
    private bool _hasFailed;

    internal GuestJournal(EventLoop loop, string path, ILogger log)
    {
        Loop = loop;
        _log = log;
        _sender = new DatagramSender(path);
    }

    internal EventLoop Loop { get; }

    /// <summary>The fields of a console's entries, up to the text of the line.</summary>
    internal static byte[] FieldsOf(GuestConsole console)
    {
        string fields =
            $"SYSLOG_IDENTIFIER=xcs-console\nPRIORITY=6\nXCS_DOMID={console.Domain.Domid}\nXCS_UUID={console.Domain.Uuid:D}\n"
            + $"XCS_DOMAIN={OneLine(console.Domain.Name)}\nXCS_CONSOLE={OneLine(console.Name)}\nMESSAGE=";
        return Encoding.UTF8.GetBytes(fields);
    }

    /// <summary>Sends one line.</summary>
    /// <returns>True when it was taken.</returns>
    /// <param name="fields">From <see cref="FieldsOf"/>.</param>
    /// <param name="line">At most <see cref="MaxLine"/> bytes of one line.</param>
    /// <param name="isFull">True when the journal has only to read what it was sent before.</param>
    internal bool TrySend(ReadOnlySpan<byte> fields, ReadOnlySpan<byte> line, out bool isFull)
    {
        fields.CopyTo(_entry);
        line.CopyTo(_entry.AsSpan(fields.Length));
        _entry[fields.Length + line.Length] = (byte)'\n';
        string? problem = _sender.TrySend(_entry.AsSpan(0, fields.Length + line.Length + 1), out isFull);
        if (problem is null)
        {
            if (_hasFailed)
            {
                _hasFailed = false;
                _log.JournalGoesOn();
            }

            return true;
        }

        if (!isFull && !_hasFailed)
        {
            _hasFailed = true;
            _log.JournalStopped(problem);
        }

        return false;
    }

    public void Dispose() => _sender.Dispose();

    /// <summary>A name with a line feed in it would be able to make fields.</summary>
    private static string OneLine(string name)
    {
        string printable = OperatorConnection.Printable(name);
        return printable.Length > 100 ? printable[..100] : printable;
    }
}
