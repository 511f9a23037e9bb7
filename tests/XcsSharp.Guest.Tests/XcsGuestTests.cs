using System.Text;
using System.Text.Json;

using Mono.Unix.Native;

using XcsSharp.Protocol;
using XcsSharp.Rings;
using XcsSharp.TestKit;

namespace XcsSharp.Guest.Tests;

/// <summary>The real xcs-guest as a domain of its own; the test is the controller in dom0.</summary>
public sealed class XcsGuestTests(SimulatedXen xen)
{
    private const int StreamLength = 128 * 1024;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Console_output_comes_in_order_and_unchanged(bool classic)
    {
        uint domid = xen.NewDomid();
        SeededStream stream = NewStream();
        StreamVerifier verifier = new("console output", stream, StreamLength);
        await using ChildProcess guest = xen.StartGuest(domid, classic, ["console"]);
        using TestController controller = TestController.Attach(xen, domid, classic);
        controller.Requested = request =>
        {
            Assert.Equal((MessageType.Console, (byte)0, GuestChannel.NoReply), (request.Type, request.Subtype, request.Id));
            Assert.InRange(request.Length, 1, 60);
            verifier.Accept(request.Data);
        };
        Task writing = WriteAsync(guest, stream.Take(0, StreamLength));
        controller.RunUntil(() => verifier.Finished.IsCompleted, "all the output");
        verifier.Check();
        await writing;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Console_input_comes_out_unchanged_and_other_types_are_answered_with_nothing(bool classic)
    {
        const int Length = 16 * 1024;
        uint domid = xen.NewDomid();
        SeededStream stream = NewStream();
        StreamVerifier verifier = new("console input", stream, Length);
        await using ChildProcess guest = xen.StartGuest(domid, classic, ["console"], verifier.Accept);
        using TestController controller = TestController.Attach(xen, domid, classic);
        int sent = 0;
        int answered = 0;
        controller.Responded = response =>
        {
            Assert.Equal((byte)0, response.Length);
            answered++;
        };
        Random pieces = new(4);
        for (int at = 0; at < Length;)
        {
            int count = Math.Min(Length - at, pieces.Next(1, 61));
            controller.Send(MessageType.Console, stream.Take(at, count), id: (byte)sent);
            controller.Send(MessageType.NetFrontEnd, "not for the console"u8, id: 77);
            at += count;
            sent += 2;
        }

        controller.RunUntil(() => answered == sent && verifier.Finished.IsCompleted, "all answers and all input");
        verifier.Check();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Eight_requests_wait_at_most_and_each_answer_lets_one_follow(bool classic)
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, classic, ["flood"]);
        using TestController controller = TestController.Attach(xen, domid, classic);
        controller.AnswersAtOnce = false;
        controller.RunUntil(() => controller.RequestsTaken == 8, "eight requests");
        ControlMessage answer = ControlMessage.Create(MessageType.Console, 0, GuestChannel.NoReply, []);
        for (int i = 9; i <= 40; i++)
        {
            controller.Answer(0, in answer);
            controller.RunUntil(() => controller.RequestsTaken == i, $"request {i}");
            Assert.Equal(8, controller.Page.Transmit.Unanswered);
        }

        Assert.False(controller.Corrupt);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_stream_goes_on_with_the_next_controller_where_the_first_was_killed(bool classic)
    {
        uint domid = xen.NewDomid();
        SeededStream stream = NewStream();
        StreamVerifier verifier = new("console output", stream, StreamLength);
        await using ChildProcess guest = xen.StartGuest(domid, classic, ["console"]);
        Task writing = WriteAsync(guest, stream.Take(0, StreamLength));
        using (TestController first = TestController.Attach(xen, domid, classic))
        {
            first.Requested = request =>
            {
                // From the middle on it takes requests and dies before it has answered or delivered them.
                first.AnswersAtOnce = verifier.Position < StreamLength / 2;
                verifier.Accept(first.AnswersAtOnce ? request.Data : []);
            };
            first.RunUntil(() => first.Page.Transmit.Unanswered == 8, "a full ring");
        }

        using TestController second = TestController.Attach(xen, domid, classic);
        second.Requested = request => verifier.Accept(request.Data);
        second.RunUntil(() => verifier.Finished.IsCompleted, "the rest of the output");
        verifier.Check();
        await writing;
    }

    [Fact]
    public async Task Killing_the_guest_clears_its_liveness_byte()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, false, ["console"]);
        using TestController controller = TestController.Attach(xen, domid);
        Assert.Equal(GrantedHeader.ExpectedMagic, controller.Page.Header.Magic);
        Assert.True(controller.Page.Header.Alive);
        await guest.Kill9Async(Cancel);
        controller.RunUntil(() => !controller.Page.Header.Alive, "the end of the liveness byte");
    }

    [Fact]
    public async Task A_second_program_of_the_same_domain_is_told_apart_by_its_nonce()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartDomain(
            domid, false, ["/bin/sh", "-c", "XCS-GUEST flood --messages 3; XCS-GUEST flood --messages 3; read end"]);
        ulong first;
        using (TestController controller = TestController.Attach(xen, domid))
        {
            first = controller.Nonce;
            controller.RunUntil(() => !controller.Page.Header.Alive, "the end of the first program");
            Assert.Equal(3, controller.RequestsTaken);
        }

        using TestController next = TestController.Attach(xen, domid, notNonce: first);
        next.RunUntil(() => next.RequestsTaken == 3, "the requests of the second program");
    }

    [Theory]
    [InlineData(Signum.SIGTERM)]
    [InlineData(Signum.SIGHUP)]
    public async Task A_signal_withdraws_the_channel_before_the_program_ends(Signum signal)
    {
        uint domid = xen.NewDomid();

        // The shell keeps the domain, so that its keys are still there to be looked at.
        await using ChildProcess guest = xen.StartDomain(
            domid, false, ["/bin/sh", "-c", "XCS-GUEST console --announce < /dev/null & echo pid $!; wait $!; echo code $?; read end"]);
        using TestController controller = TestController.Attach(xen, domid);
        await guest.Error.WaitForTextAsync("ready\n", Cancel);
        await guest.Output.WaitForTextAsync("\n", Cancel);
        int pid = int.Parse(guest.Output.Text.Split()[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(0, Syscall.kill(pid, signal));
        await guest.Output.WaitForTextAsync("code 0\n", Cancel);
        Assert.Null(controller.ReadStore("data/xcs/ready"));
        Assert.False(controller.Page.Header.Alive);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_program_that_its_domain_left_behind_ends_by_itself(bool classic)
    {
        uint domid = xen.NewDomid();
        await using ChildProcess domain = xen.StartDomain(
            domid, classic, ["/bin/sh", "-c", $"{Path.Combine(AppContext.BaseDirectory, "xcs-guest")} flood --announce {(classic ? "--classic" : "")} & read end"]);
        await domain.Error.WaitForTextAsync("ready\n", Cancel);
        await domain.Kill9Async(Cancel);
        await domain.Error.WaitForTextAsync("the domain or its machine is gone", Cancel);
    }

    [Fact]
    public async Task At_the_end_of_input_it_serves_on_until_told_to_end()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, false, ["console"]);
        using TestController controller = TestController.Attach(xen, domid);
        await WriteAsync(guest, "last words"u8.ToArray());
        await guest.Input.DisposeAsync();
        controller.RunUntil(() => controller.RequestsTaken == 1, "the output");
        controller.Send(MessageType.Console, "still there?"u8);
        await guest.Output.WaitForTextAsync("still there?", Cancel);
        guest.Signal(Signum.SIGTERM);
        Assert.Equal(0, await guest.WaitAsync(Cancel));
    }

    [Fact]
    public async Task With_exit_on_eof_it_ends_when_everything_is_acknowledged_and_not_before()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, false, ["console", "--exit-on-eof"]);
        using TestController controller = TestController.Attach(xen, domid);
        controller.AnswersAtOnce = false;
        await WriteAsync(guest, "last words"u8.ToArray());
        await guest.Input.DisposeAsync();
        controller.RunUntil(() => controller.RequestsTaken == 1, "the output");

        // Each answer is a sign of life; by the last one the end of input is long known.
        int answered = 0;
        controller.Responded = _ => answered++;
        for (int i = 1; i <= 500; i++)
        {
            controller.Send(MessageType.Console, "?"u8);
            controller.RunUntil(() => answered == i, "a sign of life");
        }

        Assert.False(guest.HasExited);
        controller.Answer(0, ControlMessage.Create(MessageType.Console, 0, GuestChannel.NoReply, []));
        Assert.Equal(0, await guest.WaitAsync(Cancel));
    }

    [Fact]
    public async Task Who_does_not_read_the_guests_output_stops_its_input_only()
    {
        uint domid = xen.NewDomid();
        using ManualResetEventSlim readOn = new(false);
        long read = 0;
        await using ChildProcess guest = xen.StartGuest(domid, false, ["console"], bytes =>
        {
            readOn.Wait(Transcript.DefaultDeadline, CancellationToken.None);
            Interlocked.Add(ref read, bytes.Length);
        });
        using TestController controller = TestController.Attach(xen, domid);

        // Until the pipe and the guest's buffers are full and the ring stays full.
        ControlMessage input = ControlMessage.Create(MessageType.Console, 0, 0, new byte[60]);
        long sent = 0;
        int turns = 0;
        controller.RunUntil(
            () =>
            {
                bool put = controller.Page.Receive.TryPutRequest(in input);
                if (put)
                {
                    sent += 60;
                    turns = 0;
                    controller.Notify();
                }

                return !put && ++turns == 100;
            },
            "the guest to take no more");
        Assert.InRange(sent, 64 * 1024, 1024 * 1024);

        await WriteAsync(guest, "the other direction"u8.ToArray());
        controller.RunUntil(() => controller.RequestsTaken == 1, "output");
        readOn.Set();
        controller.RunUntil(() => Interlocked.Read(ref read) == sent, "all the input");
    }

    [Fact]
    public async Task Echo_gives_back_what_is_typed()
    {
        uint domid = xen.NewDomid();
        SeededStream stream = NewStream();
        StreamVerifier verifier = new("echo", stream, 6000);
        await using ChildProcess guest = xen.StartGuest(domid, false, ["echo"]);
        using TestController controller = TestController.Attach(xen, domid);
        controller.Requested = request => verifier.Accept(request.Data);
        for (int at = 0; at < 6000; at += 60)
        {
            controller.Send(MessageType.Console, stream.Take(at, 60));
        }

        controller.RunUntil(() => verifier.Finished.IsCompleted, "the echo");
        verifier.Check();
    }

    [Fact]
    public async Task Messages_carry_the_type_that_was_asked_for()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, false, ["flood", "--type", "11", "--bytes", "130"]);
        using TestController controller = TestController.Attach(xen, domid);
        List<(MessageType, int)> got = [];
        controller.Requested = request => got.Add((request.Type, request.Length));
        controller.RunUntil(() => guest.HasExited, "the end");
        Assert.Equal([(MessageType.Debug, 60), (MessageType.Debug, 60), (MessageType.Debug, 10)], got);
        JsonElement report = await ReportAsync(guest);
        Assert.Equal(3, report.GetProperty("messages").GetInt32());
        Assert.Equal(3, report.GetProperty("answers").GetInt32());
        Assert.Equal(130, report.GetProperty("bytes").GetInt32());
        Assert.Equal(0, report.GetProperty("strayAnswers").GetInt32());
    }

    [Fact]
    public async Task A_flood_ends_after_its_time_and_keeps_its_pace()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, false, ["flood", "--seconds", "0.3", "--rate", "200"]);
        using TestController controller = TestController.Attach(xen, domid);
        controller.RunUntil(() => guest.HasExited, "the end");
        JsonElement report = await ReportAsync(guest);
        double seconds = report.GetProperty("seconds").GetDouble();
        Assert.InRange(seconds, 0.3, 20);
        Assert.InRange(report.GetProperty("messages").GetInt32(), 8, (200 * seconds) + 1);
    }

    [Fact]
    public async Task The_same_seed_floods_with_the_same_bytes()
    {
        byte[][] floods = await Task.WhenAll(FloodAsync("--seed", "7"), FloodAsync("--seed", "7"), FloodAsync("--seed", "8"), FloodAsync());
        Assert.Equal(floods[0], floods[1]);
        Assert.NotEqual(floods[0], floods[2]);
        Assert.StartsWith("flood 000000000000 abc", Encoding.ASCII.GetString(floods[3]), StringComparison.Ordinal);
        Assert.Contains("flood 000000000019 abc", Encoding.ASCII.GetString(floods[3]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_to_nothing_are_in_the_report()
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, false, ["flood", "--messages", "4"]);
        using TestController controller = TestController.Attach(xen, domid);
        controller.AnswersAtOnce = false;
        controller.Requested = request => controller.Answer(0, ControlMessage.Create(request.Type, 0, 9, []));
        controller.RunUntil(() => guest.HasExited, "the end");
        Assert.Equal(4, (await ReportAsync(guest)).GetProperty("strayAnswers").GetInt32());
    }

    [Theory]
    [InlineData(ControlPageLayout.Transmit + ControlPageLayout.ResponseProducer, "never sent")]
    [InlineData(ControlPageLayout.Receive + ControlPageLayout.RequestProducer, "more requests than the ring holds")]
    public async Task A_controller_that_lies_ends_the_program_with_a_reason(int offset, string reason)
    {
        uint domid = xen.NewDomid();
        await using ChildProcess guest = xen.StartGuest(domid, false, ["console"]);
        using TestController controller = TestController.Attach(xen, domid);
        controller.Overwrite(offset, 0x7fffffff);
        controller.Notify();
        Assert.Equal(1, await guest.WaitAsync(Cancel));
        Assert.Contains(reason, guest.Error.Text, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(ChildProcess guest, byte[] bytes)
    {
        await guest.Input.WriteAsync(bytes, Cancel);
        await guest.Input.FlushAsync(Cancel);
    }

    private static async Task<JsonElement> ReportAsync(ChildProcess guest)
    {
        Assert.Equal(0, await guest.WaitAsync(Cancel));
        return JsonDocument.Parse(guest.Output.Text).RootElement;
    }

    private static SeededStream NewStream()
    {
        ulong seed = SeededStream.ChooseSeed();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        return new SeededStream(seed);
    }

    private Task<byte[]> FloodAsync(params string[] seed) => Task.Run(
        async () =>
        {
            uint domid = xen.NewDomid();
            await using ChildProcess guest = xen.StartGuest(domid, false, ["flood", "--messages", "20", .. seed]);
            using TestController controller = TestController.Attach(xen, domid);
            List<byte> bytes = [];
            controller.Requested = request => bytes.AddRange(request.Data);
            controller.RunUntil(() => guest.HasExited, "the end");
            return bytes.ToArray();
        },
        Cancel);
}
