using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>The main job: a guest's console through the ring, the switch, and out on all three ways, and back.</summary>
public sealed class ConsolePathTests
{
    private const int OutputBytes = 256 << 10;
    private const int InputBytes = 8 << 10;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Output_reaches_the_pty_a_viewer_and_a_subscriber_byte_for_byte(bool classic)
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web", classic);
        SeededStream output = Lab.Seeded("output");
        StreamVerifier pty = new("pty", output, OutputBytes);
        StreamVerifier viewer = new("viewer", output, OutputBytes);
        StreamVerifier subscribed = new("subscriber", output, OutputBytes);
        lab.OpenPty("web", pty.Accept);
        await lab.AttachAsync("web all", viewer.Accept);
        RecordSubscriber subscriber = await lab.SubscribeAsync();

        Task writing = guest.WriteAsync(output.Take(0, OutputBytes), Lab.Cancel);
        while (subscribed.Missing > 0 && subscribed.Problem is null)
        {
            XcsRecord record = await subscriber.ReceiveAsync(RecordType.Request, Lab.Cancel);
            Assert.Equal(domid, record.RemoteDomain);
            Assert.Equal(MessageType.Console, record.Message.Type);
            subscribed.Accept(record.Message.Data);
        }

        await writing;
        subscribed.Check();
        await viewer.CheckAsync(Lab.Cancel);
        await pty.CheckAsync(Lab.Cancel);
        DomainEntry entry = await lab.ConnectedAsync("web");
        Assert.Equal(classic ? "classic" : "granted", entry.Transport);
        Assert.Equal((ulong)OutputBytes, entry.BytesOut);
        Assert.Equal(0UL, entry.BytesDropped);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Input_from_the_pty_a_viewer_and_a_subscriber_reaches_the_guest_byte_for_byte(bool classic)
    {
        await using Lab lab = await Lab.StartAsync();
        SeededStream input = Lab.Seeded("input");
        StreamVerifier typed = new("guest", input, 3 * InputBytes);
        TaskCompletionSource[] thirds = [new(), new(), new()];
        (GuestProgram _, uint domid) = await lab.ConsoleGuestAsync("db", classic, bytes =>
        {
            typed.Accept(bytes);
            for (int i = 0; i < thirds.Length && typed.Position >= (i + 1) * InputBytes; i++)
            {
                thirds[i].TrySetResult();
            }
        });
        PtyTerminal pty = lab.OpenPty("db", static _ => { });
        ConsoleSocket viewer = await lab.AttachAsync("db", static _ => { });
        RecordSubscriber subscriber = await lab.SubscribeAsync();

        // One after the other: between different sources there is no order to check.
        await pty.WriteAsync(input.Take(0, InputBytes), Lab.Cancel);
        await Reached(0);
        await viewer.SendAsync(input.Take(InputBytes, InputBytes), Lab.Cancel);
        await Reached(1);
        await subscriber.SendInputAsync(domid, input.Take(2 * InputBytes, InputBytes), Lab.Cancel);
        await Reached(2);
        typed.Check();

        async Task Reached(int third)
        {
            await Task.WhenAny(thirds[third].Task, Task.Delay(Transcript.DefaultDeadline, Lab.Cancel));
            Assert.True(typed.Problem is null && typed.Position >= (third + 1) * InputBytes, $"{typed.Problem} {typed.Position}");
        }
    }

    [Fact]
    public async Task A_viewer_attaches_by_domid_too_and_gets_what_was_printed_before_it_came()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint domid) = await lab.ConsoleGuestAsync("web");
        Transcript first = new("first viewer");
        await lab.AttachAsync("web all", first.Append);
        await guest.WriteAsync("printed early\n", Lab.Cancel);
        await first.WaitForTextAsync("printed early\n", Lab.Cancel);

        Transcript late = new("late viewer");
        await lab.AttachAsync($"{domid}", late.Append);
        await late.WaitForTextAsync("printed early\n", Lab.Cancel);

        Transcript only = new("viewer of the new");
        await lab.AttachAsync("web new", only.Append);
        await guest.WriteAsync("printed late\n", Lab.Cancel);
        await only.WaitForTextAsync("printed late\n", Lab.Cancel);
        Assert.Equal("printed late\n", only.Text);
    }

    [Fact]
    public async Task A_guests_messages_and_consoles_stay_apart_from_another_guests()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        (GuestProgram db, uint _) = await lab.ConsoleGuestAsync("db", classic: true);
        Transcript webs = new("viewer of web");
        Transcript dbs = new("viewer of db");
        await lab.AttachAsync("web", webs.Append);
        await lab.AttachAsync("db", dbs.Append);

        await web.WriteAsync("I am web\n", Lab.Cancel);
        await db.WriteAsync("I am db\n", Lab.Cancel);

        await webs.WaitForTextAsync("I am web\n", Lab.Cancel);
        await dbs.WaitForTextAsync("I am db\n", Lab.Cancel);
        Assert.Equal("I am web\n", webs.Text);
        Assert.Equal("I am db\n", dbs.Text);
    }

    [Fact]
    public async Task Output_kept_while_nobody_reads_the_pty_is_there_for_the_first_reader()
    {
        await using Lab lab = await Lab.StartAsync();
        const int Bytes = 64 << 10;
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        SeededStream output = Lab.Seeded("output");
        StreamVerifier viewer = new("viewer", output, Bytes);
        await lab.AttachAsync("web all", viewer.Accept);
        await guest.WriteAsync(output.Take(0, Bytes), Lab.Cancel);
        await viewer.CheckAsync(Lab.Cancel);

        StreamVerifier pty = new("pty", output, Bytes);
        lab.OpenPty("web", pty.Accept);
        await pty.CheckAsync(Lab.Cancel);
    }

    [Fact]
    public async Task A_pty_that_is_closed_and_opened_again_goes_on_where_the_last_reader_stopped()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram guest, uint _) = await lab.ConsoleGuestAsync("web");
        Transcript first = new("first reader");
        using (PtyTerminal terminal = PtyTerminal.Open(lab.PtyOf("web"), first.Append))
        {
            await guest.WriteAsync("one\n", Lab.Cancel);
            await first.WaitForTextAsync("one\n", Lab.Cancel);
        }

        await guest.WriteAsync("two\n", Lab.Cancel);
        Transcript second = new("second reader");
        lab.OpenPty("web", second.Append);
        await second.WaitForTextAsync("two\n", Lab.Cancel);
        await guest.WriteAsync("three\n", Lab.Cancel);
        await second.WaitForTextAsync("three\n", Lab.Cancel);
        Assert.Equal("two\nthree\n", second.Text);
    }
}
