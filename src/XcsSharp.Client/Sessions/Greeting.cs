using System.Net.Sockets;

using XcsSharp.Protocol;

namespace XcsSharp.Client;

/// <summary>The first records of a session's two connections, and what they agreed on.</summary>
/// <param name="Id">Names the session.</param>
/// <param name="IsExtended">The peer knows extensions; otherwise it is a session of 2005.</param>
/// <param name="Granted">Of the extensions that were asked for.</param>
/// <param name="Control">Owned by whoever gets it, as are the others.</param>
/// <param name="Data">The data connection.</param>
/// <param name="Reader">May hold records that came behind the reply.</param>
/// <param name="Writer">The data connection's.</param>
internal sealed record Greeting(
    ulong Id,
    bool IsExtended,
    Extensions Granted,
    ControlConnection Control,
    Socket Data,
    RecordReader Reader,
    RecordWriter Writer)
{
    // What no peer that knows of extensions replies; one that does not echoes it.
    private const RecordResult Unanswered = (RecordResult)uint.MaxValue;

    public static async Task<Greeting> ExchangeAsync(XcsSessionOptions options, CancellationToken cancel)
    {
        options.Check();
        (ControlConnection control, XcsRecord agreed) = await BeginAsync(options, cancel).ConfigureAwait(false);
        Socket? data = null;
        try
        {
            data = await DaemonSocket.ConnectAsync(options.Path, cancel).ConfigureAwait(false);
            RecordReader reader = new(data);
            RecordWriter writer = new(data);
            XcsRecord[] record = [new() { Type = RecordType.ConnectData, SessionId = agreed.SessionId }];
            await writer.SendAsync(record, cancel).ConfigureAwait(false);
            if (await reader.ReceiveAsync(record, cancel).ConfigureAwait(false) == 0)
            {
                throw new XcsDisconnectedException("the daemon closed the data connection before it answered; see: systemctl status xcsd");
            }

            ControlConnection.Check(record[0], RecordType.ConnectData, $"session {agreed.SessionId}");
            bool extended = agreed.Type == RecordType.ConnectExtended;
            return new Greeting(
                agreed.SessionId,
                extended,
                extended ? agreed.Extensions & options.Extensions : Extensions.None,
                control,
                data,
                reader,
                writer);
        }
        catch
        {
            control.Dispose();
            data?.Dispose();
            throw;
        }
    }

    /// <summary>Extended where that is wanted and understood, plain otherwise.</summary>
    private static async Task<(ControlConnection Control, XcsRecord Agreed)> BeginAsync(
        XcsSessionOptions options, CancellationToken cancel)
    {
        if (options.Extensions != Extensions.None)
        {
            XcsRecord hello = new()
            {
                Type = RecordType.ConnectExtended,
                Result = Unanswered,
                SessionId = options.SavedId,
                ExtensionVersion = ProtocolLimits.ExtensionVersion,
                Extensions = options.Extensions,
                Credit = (uint)options.Credit,
            };
            (ControlConnection control, XcsRecord reply) = await SayAsync(options.Path, hello, cancel).ConfigureAwait(false);
            if (reply.Result != Unanswered)
            {
                return (Checked(control, reply, hello), reply);
            }

            // Echoed: it knows nothing of this, and does not serve the connection.
            control.Dispose();
        }

        XcsRecord plain = new() { Type = RecordType.ConnectControl, SessionId = options.SavedId };
        (ControlConnection second, XcsRecord agreed) = await SayAsync(options.Path, plain, cancel).ConfigureAwait(false);
        return (Checked(second, agreed, plain), agreed);
    }

    private static async Task<(ControlConnection Control, XcsRecord Reply)> SayAsync(
        string path, XcsRecord hello, CancellationToken cancel)
    {
        ControlConnection control = new(await DaemonSocket.ConnectAsync(path, cancel).ConfigureAwait(false));
        try
        {
            return (control, await control.ExchangeAsync(hello, cancel).ConfigureAwait(false));
        }
        catch (XcsDisconnectedException closed)
        {
            // Whom it does not serve it closes without a word: the protocol of 2005 has none for that.
            control.Dispose();
            throw new XcsDisconnectedException(
                $"the daemon closed {path} before it answered; see: systemctl status xcsd. "
                    + "Where Sockets:AccessFile is set, this socket is for root and for who has the right 'admin' on all domains",
                closed);
        }
        catch
        {
            control.Dispose();
            throw;
        }
    }

    private static ControlConnection Checked(ControlConnection control, in XcsRecord reply, in XcsRecord hello)
    {
        try
        {
            ControlConnection.Check(reply, hello.Type, $"session {hello.SessionId}");
            return control;
        }
        catch
        {
            control.Dispose();
            throw;
        }
    }
}
