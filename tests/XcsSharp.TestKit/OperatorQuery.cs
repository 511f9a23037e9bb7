using System.Text.Json;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.TestKit;

/// <summary>LIST and STATUS of the console socket, and waiting for what they say.</summary>
public static class OperatorQuery
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(10);

    public static async Task<DomainList> ListAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await AskAsync(socket, OperatorProtocol.List, cancel), OperatorJson.Default.DomainList)
            ?? throw new InvalidDataException("LIST gives null");

    public static async Task<DaemonStatus> StatusAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await AskAsync(socket, OperatorProtocol.Status, cancel), OperatorJson.Default.DaemonStatus)
            ?? throw new InvalidDataException("STATUS gives null");

    public static async Task<ViewerList> WhoAsync(string socket, CancellationToken cancel)
        => JsonSerializer.Deserialize(await AskAsync(socket, OperatorProtocol.Who, cancel), OperatorJson.Default.ViewerList)
            ?? throw new InvalidDataException("WHO gives null");

    /// <summary>As <see cref="WaitForListAsync"/>, of viewers.</summary>
    public static async Task<ViewerList> WaitForViewersAsync(string socket, Func<ViewerList, bool> condition, string wanted, CancellationToken cancel)
    {
        using CancellationTokenSource late = new(Transcript.DefaultDeadline);
        while (true)
        {
            ViewerList list = await WhoAsync(socket, cancel);
            if (condition(list))
            {
                return list;
            }

            if (late.IsCancellationRequested)
            {
                throw new TimeoutException($"waited in vain for {wanted}");
            }

            await Task.Delay(s_interval, cancel);
        }
    }

    /// <summary>Waits until the daemon has a channel to the domain of that name.</summary>
    public static async Task<DomainEntry> WaitForConnectedAsync(
        string socket, string name, CancellationToken cancel, TimeSpan? deadline = null)
    {
        DomainList list = await WaitForListAsync(
            socket,
            list => list.Domains.Any(domain => domain.Name == name && domain.State == "connected"),
            $"a connected domain {name}",
            cancel,
            deadline);
        return list.Domains.First(domain => domain.Name == name && domain.State == "connected");
    }

    /// <summary>
    /// Asks again and again until the condition holds. (The daemon has no way to tell an operator of changes, so this
    /// is the one wait of the kit that looks instead of being told.)
    /// </summary>
    /// <exception cref="TimeoutException">It does not come to hold; the message shows the last list.</exception>
    public static async Task<DomainList> WaitForListAsync(
        string socket, Func<DomainList, bool> condition, string wanted, CancellationToken cancel, TimeSpan? deadline = null)
    {
        using CancellationTokenSource late = new(deadline ?? Transcript.DefaultDeadline);
        while (true)
        {
            DomainList list = await ListAsync(socket, cancel);
            if (condition(list))
            {
                return list;
            }

            if (late.IsCancellationRequested)
            {
                string shown = JsonSerializer.Serialize(list, OperatorJson.Default.DomainList);
                throw new TimeoutException($"waited in vain for {wanted}; the list is {shown}");
            }

            await Task.Delay(s_interval, cancel);
        }
    }

    internal static async Task<byte[]> AskAsync(string socket, string line, CancellationToken cancel)
    {
        await using ConsoleSocket connection = await ConsoleSocket.AskAsync(socket, line, cancel);
        return connection.Reply.StartsWith(OperatorProtocol.Ok, StringComparison.Ordinal)
            ? await connection.ReadToEndAsync(cancel)
            : throw new InvalidDataException($"{line} gives: {connection.Reply}");
    }
}
