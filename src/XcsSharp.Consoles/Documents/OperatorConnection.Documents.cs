using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <content>Replies that are documents.</content>
internal sealed partial class OperatorConnection
{
    private DocumentQuestion? _question;
    private HeldDocument? _document;

    private void AskFor(OperatorVerb verb)
    {
        // The time in the line is not the client's. What it sends meanwhile stays in the socket; a hang-up is told all the same.
        _deadline.Cancel();
        _stream.PauseReading();
        _question = _listener.Documents.Add(verb, this);
    }

    /// <summary>The whole reply to a question that was in the line, of what this client may view.</summary>
    internal byte[] MakeDocument(OperatorVerb verb) => verb switch
    {
        OperatorVerb.List => Serialize(DomainListing.Build(_listener.Switch.Domains.Where(MayView), _listener.Consoles), OperatorJson.Default.DomainList),
        OperatorVerb.Status => Serialize(_listener.MakeStatus(), OperatorJson.Default.DaemonStatus),
        OperatorVerb.Top => Serialize(
            FigureListing.Build(_listener.Switch.Domains.Where(MayView), _listener.Consoles, _listener.MakeStatus()), OperatorJson.Default.FigureList),
        OperatorVerb.Metrics => [.. s_accepted, .. _listener.ReadInstruments(MayView), (byte)'\n'],
        _ => DescribeViewers(
            _listener.Consoles.Consoles
                .Where(console => MayView(console.Domain))
                .OrderBy(static console => console.Domain.Domid).ThenBy(static console => console.Name, StringComparer.Ordinal)),
    };

    internal void ReplyWith(HeldDocument document)
    {
        _question = null;
        _document = document;
        Reply(document.Bytes);
    }

    private void LeaveLine()
    {
        _ = _question?.Askers.Remove(this);
        _question = null;
    }

    private void LetDocumentGo()
    {
        _reply = default;
        _document?.LetGo();
        _document = null;
    }

    private static byte[] DescribeViewers(IEnumerable<GuestConsole> consoles)
        => Serialize(new ViewerList([.. consoles.Select(ViewerRequests.Describe)]), OperatorJson.Default.ViewerList);

    private static byte[] Serialize<T>(T document, JsonTypeInfo<T> type)
    {
        using var buffer = new MemoryStream();
        buffer.Write(s_accepted);
        JsonSerializer.Serialize(buffer, document, type);
        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }
}
