using System.Net.Sockets;

using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;
using XcsSharp.TestKit.Kernels;

namespace XcsSharp.Daemon.Tests;

/// <summary>Restarts and upgrades at random moments of a load.</summary>
/// <remarks><c>XCS_SEED=N</c> repeats a run, <c>XCS_HANDOVERS=N</c> makes so many.</remarks>
public sealed class HandoverLoadTests
{
    private const ushort BlockBackEnd = (ushort)MessageType.BlockBackEnd;
    private const int MostOfAPart = 400_000;

    [Fact]
    public async Task At_random_moments_no_message_and_no_byte_is_lost_and_every_viewer_stays()
    {
        int handovers = Lab.Times("XCS_HANDOVERS", 8);
        SeededStream output = Lab.Seeded("output");
        SeededStream messages = output.Fork("messages");
        Random random = new((int)(output.Seed & int.MaxValue));
        int[] parts = [.. Enumerable.Range(0, handovers + 1).Select(_ => random.Next(50_000, MostOfAPart))];
        int total = parts.Sum();

        using PlayedSystemd manager = new(capacity: 128);
        await using Lab lab = await Lab.StartKeptAsync(manager, "--Switching:UnboundGrace=60s", "--Switching:ResponseTimeout=1h");
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        GuestProgram asking = lab.Own(GuestProgram.Start(lab.Machine, new GuestOptions("disk"), ["console", "--type", "1"]));
        await lab.ConnectedAsync("disk");
        (ChildProcess holder, uint domid) = await lab.Machine.CreateAsync(new GuestOptions("ring"), console: true, Lab.Cancel);
        lab.Own(holder);
        RingGuests rings = lab.Own(new RingGuests(lab.Machine));
        LetterText letters = new(output.Fork("letters"));
        RingConsole ring = rings.Begin(domid, letters);
        await OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            static list => list.Domains.Any(static domain => domain.Name == "ring" && domain.Consoles is [{ State: "connected" }]),
            "the ring's console",
            Lab.Cancel);

        Milestones viewed = new("viewer", output, total);
        StreamVerifier shown = new("terminal", output, total);
        LetterCheck ringViewed = new(letters);
        LetterCheck ringShown = new(letters);
        ConsoleSocket[] viewers =
        [
            await lab.AttachAsync("web mode=rw", viewed.Accept),
            await lab.AttachAsync("web mode=ro new", static _ => { }),
            await lab.AttachAsync("ring", ringViewed.Accept),
        ];
        PtyTerminal terminal = lab.OpenPty("web", shown.Accept);
        PtyTerminal ringTerminal = lab.OpenPty("ring", ringShown.Accept);
        RepeatedStream received = new(messages);
        Task subscribing = SubscribeAsync(lab, received, total / 10);
        Task sending = SendAsync(asking, messages, total / 10);
        int done = 0;
        for (int i = 0; i <= handovers; i++)
        {
            Task moment = viewed.ReachedAsync(done + random.Next(parts[i]));
            Task writing = guest.WriteAsync(output.Take(done, parts[i]), Lab.Cancel);
            Task printing = ring.PrintAsync(parts[i]);
            await moment.WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
            if (i < handovers)
            {
                await Handovers.MakeAsync(lab, restart: random.Next(2) == 0);
                await viewers[0].SendAsync(System.Text.Encoding.ASCII.GetBytes($"typed {i};"), Lab.Cancel);
            }

            await writing;
            await printing;
            done += parts[i];
        }

        await sending;
        await subscribing;
        await viewed.Verifier.CheckAsync(Lab.Cancel);
        await shown.CheckAsync(Lab.Cancel);
        await ringViewed.ReachedAsync(total).WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await ringShown.ReachedAsync(total).WaitAsync(Transcript.DefaultDeadline, Lab.Cancel);
        await guest.Output.WaitForTextAsync(string.Concat(Enumerable.Range(0, handovers).Select(static i => $"typed {i};")), Lab.Cancel);
        Assert.Equal(total / 10, received.Position);
        Assert.DoesNotContain(viewers, static viewer => viewer.Ended.IsCompleted);
        Assert.False(terminal.Ended.IsCompleted || ringTerminal.Ended.IsCompleted, "a terminal was hung up");
        DomainList list = await lab.ListAsync();
        Assert.Equal(
            [("ring", (ulong)total, 0UL, 1), ("web", (ulong)total, 0UL, 2)],
            list.Domains.Where(static domain => domain.Name != "disk").OrderBy(static domain => domain.Name)
                .Select(static domain => (domain.Name, domain.BytesOut, domain.BytesDropped, domain.Viewers)));
        Lab.Print($"{handovers} handovers, {total} bytes of each console, {total / 10} of messages of which {received.Repeated} came twice");
    }

    /// <summary>In pieces: each has a deadline, and all of it takes as long as the handovers do.</summary>
    private static async Task SendAsync(GuestProgram asking, SeededStream messages, int length)
    {
        const int Piece = 16 * 1024;
        for (int at = 0; at < length; at += Piece)
        {
            await asking.WriteAsync(messages.Take(at, Math.Min(Piece, length - at)), Lab.Cancel);
        }
    }

    /// <summary>A subscriber that comes back whenever its connection ends.</summary>
    private static async Task SubscribeAsync(Lab lab, RepeatedStream received, long until)
    {
        while (received.Position < until)
        {
            try
            {
                using RecordSubscriber subscriber = await RecordSubscriber.ConnectAsync(lab.Places.Xcs, Lab.Cancel);
                await subscriber.BindAsync(Lab.Cancel, type: BlockBackEnd);
                while (received.Position < until)
                {
                    await subscriber.AnswerAsync(request => received.Accept(request.Message.Data), Lab.Cancel);
                }

                // Its last answers are to be taken before it goes.
                await OperatorQuery.WaitForListAsync(
                    lab.Places.Console, static list => list.Domains.Any(static domain => domain is { Name: "disk", Unanswered: 0 }), "the last answers", Lab.Cancel);
            }
            catch (Exception ended) when (ended is SocketException or IOException or InvalidDataException)
            {
                received.ExpectRepeats();
                await Task.Delay(TimeSpan.FromMilliseconds(2), Lab.Cancel); // until somebody listens again
            }
        }
    }

    /// <summary>A verifier that tells when it has come somewhere.</summary>
    private sealed class Milestones(string name, SeededStream expected, long length)
    {
        private readonly Lock _lock = new();
        private long _wanted = long.MaxValue;
        private TaskCompletionSource _reached = new();

        public StreamVerifier Verifier { get; } = new(name, expected, length);

        public void Accept(ReadOnlySpan<byte> bytes)
        {
            Verifier.Accept(bytes);
            lock (_lock)
            {
                if (Verifier.Position >= _wanted || Verifier.Problem is not null)
                {
                    _reached.TrySetResult();
                }
            }
        }

        public Task ReachedAsync(long position)
        {
            lock (_lock)
            {
                _wanted = position;
                _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (Verifier.Position >= position)
                {
                    _reached.SetResult();
                }

                return _reached.Task;
            }
        }
    }

    /// <summary>What a viewer of a ring's console gets: every letter in its place.</summary>
    private sealed class LetterCheck(LetterText text)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _position;
        private long _wanted = long.MaxValue;

        public void Accept(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                ReadOnlySpan<byte> expected = text.Next(_position, bytes.Length);
                if (!bytes.StartsWith(expected))
                {
                    _reached.TrySetException(new InvalidDataException($"at letter {_position}: not what was printed"));
                    return;
                }

                _ = Interlocked.Add(ref _position, expected.Length);
                bytes = bytes[expected.Length..];
            }

            Look();
        }

        public Task ReachedAsync(long position)
        {
            Volatile.Write(ref _wanted, position);
            Look();
            return _reached.Task;
        }

        private void Look()
        {
            if (Volatile.Read(ref _position) >= Volatile.Read(ref _wanted))
            {
                _reached.TrySetResult();
            }
        }
    }
}
