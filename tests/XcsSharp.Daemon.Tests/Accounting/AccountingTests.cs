using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests.Accounting;

/// <summary>
/// The books of the whole daemon: guests of both kinds flood, readers of every kind stall, come and go, guests and the daemon start anew, all
/// from one seed. For every reader what it got and the gaps it was told make up, byte for byte, what was printed since it began.
/// </summary>
/// <remarks><c>XCS_SEED=N</c> repeats a run, <c>XCS_RUNS=N</c> makes so many with the seeds that follow.</remarks>
public sealed class AccountingTests
{
    [Fact]
    public async Task Of_every_reader_what_it_got_and_its_gaps_make_up_what_was_printed()
    {
        ulong seed = SeededStream.ChooseSeed();
        int runs = Lab.Times("XCS_RUNS", 1);
        for (int run = 0; run < runs; run++)
        {
            ulong of = seed + (ulong)run;
            Lab.Print($"accounting: XCS_SEED={of}");
            try
            {
                await using AccountingRun accounts = await AccountingRun.StartAsync(of);
                await accounts.RunAsync();
            }
            catch (Exception failure) when (runs > 1)
            {
                throw new InvalidOperationException($"XCS_SEED={of}", failure);
            }
        }
    }
}
