using System.Text.Json;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.TestKit;

/// <summary>WHO, TOP and METRICS of the console socket.</summary>
public static class OperatorDocuments
{
    public static async Task<ViewerList> WhoAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await OperatorQuery.AskAsync(socket, OperatorProtocol.Who, cancel), OperatorJson.Default.ViewerList)
            ?? throw new InvalidDataException("WHO gives null");

    public static async Task<FigureList> TopAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await OperatorQuery.AskAsync(socket, OperatorProtocol.Top, cancel), OperatorJson.Default.FigureList)
            ?? throw new InvalidDataException("TOP gives null");

    public static async Task<InstrumentList> InstrumentsAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await OperatorQuery.AskAsync(socket, OperatorProtocol.Metrics, cancel), OperatorJson.Default.InstrumentList)
            ?? throw new InvalidDataException("METRICS gives null");
}
