using System.Text.Json;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.TestKit;

/// <summary>WHO and TOP of the console socket.</summary>
public static class OperatorDocuments
{
    public static async Task<ViewerList> WhoAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await OperatorQuery.AskAsync(socket, OperatorProtocol.Who, cancel), OperatorJson.Default.ViewerList)
            ?? throw new InvalidDataException("WHO gives null");

    public static async Task<FigureList> TopAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await OperatorQuery.AskAsync(socket, OperatorProtocol.Top, cancel), OperatorJson.Default.FigureList)
            ?? throw new InvalidDataException("TOP gives null");
}
