using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The tools of these tests must be able to fail, or they prove nothing.</summary>
public sealed class KitTests
{
    private const int Length = 10_000;
    private readonly SeededStream _stream = new(42);

    [Fact]
    public async Task A_verifier_is_content_with_the_stream_in_any_pieces()
    {
        StreamVerifier verifier = new("reader", _stream, Length);
        for (int done = 0; done < Length;)
        {
            int piece = Math.Min(1 + (done % 333), Length - done);
            verifier.Accept(_stream.Take(done, piece));
            done += piece;
        }

        await verifier.CheckAsync(Lab.Cancel);
        Assert.Equal(0, verifier.Missing);
    }

    [Fact]
    public void A_verifier_names_the_place_and_the_number_of_lost_bytes()
    {
        StreamVerifier verifier = new("reader", _stream, Length);
        verifier.Accept(_stream.Take(0, 1000));
        verifier.Accept(_stream.Take(1060, 500));
        Assert.Contains("first difference at byte 1000", verifier.Problem, StringComparison.Ordinal);
        Assert.Contains("60 bytes were lost", verifier.Problem, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(verifier.Check);
    }

    [Fact]
    public void A_verifier_sees_repeated_changed_surplus_and_missing_bytes()
    {
        StreamVerifier repeated = new("reader", _stream, Length);
        repeated.Accept(_stream.Take(0, 1000));
        repeated.Accept(_stream.Take(940, 60));
        Assert.Contains("the bytes from 940 came again", repeated.Problem, StringComparison.Ordinal);

        byte[] one = _stream.Take(0, 100);
        one[50] ^= 1;
        StreamVerifier changed = new("reader", _stream, Length);
        changed.Accept(one);
        Assert.Contains("first difference at byte 50", changed.Problem, StringComparison.Ordinal);

        StreamVerifier surplus = new("reader", _stream, 10);
        surplus.Accept(_stream.Take(0, 11));
        Assert.Throws<InvalidDataException>(surplus.Check);

        StreamVerifier missing = new("reader", _stream, 10);
        missing.Accept(_stream.Take(0, 9));
        Assert.Throws<InvalidDataException>(missing.Check);
    }

    [Fact]
    public async Task A_child_does_not_outlive_the_process_that_started_it()
    {
        // A child of ours whose own child is tied to it in the same way.
        await using ChildProcess parent = ChildProcess.Start(
            "perl", ["-e", "my $p = fork // die; if (!$p) { exec 'setpriv', '--pdeathsig', 'KILL', 'sleep', '1000' } $| = 1; print \"$p\\n\"; sleep 1000"]);
        await parent.Output.WaitForTextAsync("\n", Lab.Cancel);
        string grandchild = $"/proc/{parent.Output.Text.Trim()}";
        await WaitForNameAsync(grandchild, "sleep");

        await parent.Kill9Async(Lab.Cancel);

        await WaitForNameAsync(grandchild, name: null);
    }

    [Fact]
    public async Task A_machine_runs_a_guest_and_goes_without_a_trace()
    {
        string state;
        await using (SimMachine machine = await SimMachine.StartAsync(Lab.Cancel))
        {
            state = machine.State;
            await using ChildProcess guest = machine.Run(new GuestOptions("sleeper", 12), "cat", []);
            await guest.Input.WriteAsync("up\n"u8.ToArray(), Lab.Cancel);
            await guest.Input.FlushAsync(Lab.Cancel);
            await guest.Output.WaitForTextAsync("up\n", Lab.Cancel);
            ChildResult list = await machine.CommandAsync(Lab.Cancel, "list");
            Assert.Contains("12", list.Output, StringComparison.Ordinal);
            Assert.Contains("sleeper", list.Output, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(state)));
    }

    [Fact]
    public async Task A_wait_ends_with_what_was_said_when_it_is_in_vain()
    {
        Transcript transcript = new("guest");
        transcript.Append("something else"u8);
        TimeoutException late = await Assert.ThrowsAsync<TimeoutException>(
            () => transcript.WaitForTextAsync("wanted", Lab.Cancel, deadline: TimeSpan.FromMilliseconds(20)));
        Assert.Contains("something else", late.Message, StringComparison.Ordinal);
        transcript.End();
        await Assert.ThrowsAsync<EndOfStreamException>(() => transcript.WaitForTextAsync("wanted", Lab.Cancel));
    }

    /// <summary>Waits until the process has that name, or with null until it is gone (or waits to be reaped by init).</summary>
    private static async Task WaitForNameAsync(string process, string? name)
    {
        using CancellationTokenSource late = new(Transcript.DefaultDeadline);
        while (true)
        {
            string? now = null;
            try
            {
                string stat = await File.ReadAllTextAsync($"{process}/stat", Lab.Cancel);
                bool zombie = stat[(stat.LastIndexOf(')') + 2)..].StartsWith('Z');
                now = zombie ? null : stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')];
            }
            catch (IOException)
            {
                // Gone.
            }

            if (now == name)
            {
                return;
            }

            Assert.False(late.IsCancellationRequested, $"{process} is {now}, not {name}");
            await Task.Delay(5, Lab.Cancel);
        }
    }
}
