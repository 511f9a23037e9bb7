using XcsSharp.Switching;

namespace XcsSharp.Xen;

/// <summary>One console of one life of a domid, and what was made of it last.</summary>
internal class XenConsole(XenDomain domain, int number)
{
    /// <summary>How often a failure that may pass is tried again, without anything having been said anew.</summary>
    public const int Tries = 5;

    public XenDomain Domain { get; } = domain;

    /// <summary>0: the primary one; 1..9: a secondary one.</summary>
    public int Number { get; } = number;

    /// <summary>What was offered, until that is disposed.</summary>
    public ConsoleRingTransport? Offered { get; set; }

    /// <summary>Frame, or grant reference, of what was offered.</summary>
    public ulong Ring { get; set; }

    /// <summary>Bytes of newest output that the toolstack wants to be kept; null: it said nothing that can be followed.</summary>
    public long? HistoryWish { get; set; }

    /// <summary>True when a wish that makes no sense was logged: once a life.</summary>
    public bool IsWishRefused { get; set; }

    /// <summary>How often the key of its terminal was put right.</summary>
    public int TerminalRestores { get; set; }

    /// <summary>The last thing that was wrong, so that it is logged once and not for every event.</summary>
    public string? Problem { get; set; }

    /// <summary>Failures that may pass and may still be tried again.</summary>
    public int TriesLeft { get; set; }

    /// <summary>Takes back what was offered, if anything is.</summary>
    public void Withdraw(IHypervisorSink sink, string reason)
    {
        if (Offered is not null)
        {
            Offered = null;
            sink.OnConsoleWithdrawn(Domain.Domid, Number, reason);
        }
    }
}
