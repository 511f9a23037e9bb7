namespace XcsSharp.Client;

/// <content>Making bindings again in a session that lacks them, while it is received from.</content>
public sealed partial class Notifier
{
    /// <summary>Makes all bindings again where the session is a new one, then publishes the connection.</summary>
    private async Task RestoreAsync(Link link)
    {
        CancellationToken ending = link.Ending.Token;
        try
        {
            List<MessageSource> refused = [];
            if (link.Resumed == false)
            {
                refused = await BindAllAsync(link).ConfigureAwait(false);
            }

            refused.ForEach(static source => source.BeginRestoring());
            while (!TryPublish(link, out List<Func<XcsSession, Task>> leftovers))
            {
                foreach (Func<XcsSession, Task> release in leftovers)
                {
                    await release(link.Session).ConfigureAwait(false);
                }
            }

            _events.Put(new NotifierEvent(
                link.Resumed == true ? NotifierEventKind.Resumed : NotifierEventKind.Renewed));
            await InsistAsync(link, refused).ConfigureAwait(false);
        }
        catch (Exception ended) when (ended is XcsDisconnectedException or ObjectDisposedException
            || (ended is OperationCanceledException && ending.IsCancellationRequested))
        {
            // The next session gets all of them.
            lock (_gate)
            {
                _isResumable = false;
            }
        }
    }

    private async Task<List<MessageSource>> BindAllAsync(Link link)
    {
        MessageSource[] sources;
        VirtualInterrupt[] virqs;
        lock (_gate)
        {
            sources = [.. SourcesLocked().Where(static source => source.IsOpen)];
            virqs = [.. _virqs.Where(static virq => virq.IsOpen)];
        }

        foreach (VirtualInterrupt virq in virqs)
        {
            try
            {
                await virq.BindInAsync(link.Session, link.Ending.Token).ConfigureAwait(false);
            }
            catch (XcsRefusedException refused)
            {
                virq.End(refused);
            }
        }

        List<MessageSource> again = [];
        foreach (MessageSource source in sources)
        {
            if (await TryBindAsync(link, source).ConfigureAwait(false) is not null)
            {
                again.Add(source);
            }
        }

        return again;
    }

    private static async Task<XcsRefusedException?> TryBindAsync(Link link, MessageSource source)
    {
        try
        {
            await source.BindInAsync(link.Session, again: true, link.Ending.Token).ConfigureAwait(false);
            source.EndRestoring();
            return null;
        }
        catch (XcsRefusedException refused)
        {
            return refused;
        }
    }

    /// <summary>Asks again for what was refused: a daemon that has just started finds some channels a moment later.</summary>
    private async Task InsistAsync(Link link, List<MessageSource> refused)
    {
        long since = _options.TimeProvider.GetTimestamp();
        ReconnectDelays delays = new(_options, Random.Shared);
        while (refused.Count > 0)
        {
            await Task.Delay(delays.Next(), _options.TimeProvider, link.Ending.Token).ConfigureAwait(false);
            bool isLast = _options.TimeProvider.GetElapsedTime(since) >= _options.RestoreWithin;
            foreach (MessageSource source in refused.ToArray())
            {
                XcsRefusedException? refusal = await TryBindAsync(link, source).ConfigureAwait(false);
                if (refusal is null || isLast)
                {
                    refused.Remove(source);
                }

                if (refusal is not null && isLast)
                {
                    EndSource(source, refusal);
                }
            }
        }
    }
}
