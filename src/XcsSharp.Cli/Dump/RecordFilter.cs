using System.Globalization;

using XcsSharp.Client.Capture;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Cli.Dump;

/// <summary>Which records are shown: all, or those that fit one of the values of each filter that is given.</summary>
internal sealed class RecordFilter
{
    private const string VirqName = "virq";
    private const string Prefix = "CMSG_";

    /// <summary>Domids or names; empty for all.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>Types of control messages, and <see cref="ProtocolLimits.TypeVirq"/>; empty for all.</summary>
    public IReadOnlyList<ushort> Types { get; init; } = [];

    /// <summary>Null for both.</summary>
    public MessageDirection? Direction { get; init; }

    /// <summary>Whether a domain's name decides, so that names have to be known.</summary>
    public bool NeedsNames => Domains.Any(domain => !IsDomid(domain));

    /// <summary>What a session has to bind to get what passes: no more, because what it is given it counts as able to answer.</summary>
    public IReadOnlyList<ushort> Bindings => Types.Count > 0 ? Types : [ProtocolLimits.TypeWildcard];

    /// <summary>The names that <see cref="TryParseType"/> takes.</summary>
    public static IEnumerable<string> TypeNames => Enumerable.Range(0, byte.MaxValue + 1)
        .Select(type => PayloadCatalog.TypeName((MessageType)type))
        .OfType<string>()
        .Append(VirqName)
        .Select(name => name.ToLowerInvariant());

    /// <summary>Reads a number of 0 to 255, <c>virq</c>, or a name as the 2005 header has it, with or without its prefix.</summary>
    public static bool TryParseType(string text, out ushort type)
    {
        if (byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte number))
        {
            type = number;
            return true;
        }

        if (text.Equals(VirqName, StringComparison.OrdinalIgnoreCase))
        {
            type = ProtocolLimits.TypeVirq;
            return true;
        }

        string name = text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) ? text[Prefix.Length..] : text;
        for (type = 0; type <= byte.MaxValue; type++)
        {
            if (name.Equals(PayloadCatalog.TypeName((MessageType)type), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    public bool Passes(in CapturedRecord record)
        => (Direction is null || Direction == record.Direction)
            && (Types.Count == 0 || PassesType(record))
            && (Domains.Count == 0 || PassesDomain(record.Domid, record.DomainName));

    private bool PassesType(in CapturedRecord record)
        => record.HasMessage ? Types.Contains((ushort)record.Record.Message.Type)
            : record.Record.Type == RecordType.Virq && Types.Contains(ProtocolLimits.TypeVirq);

    private bool PassesDomain(uint domid, string name)
    {
        foreach (string domain in Domains)
        {
            if (domain == name || (uint.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) && number == domid))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsDomid(string domain)
        => uint.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
