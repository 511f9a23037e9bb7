using XcsSharp.Handlers.Sample;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Operator;
using XcsSharp.Switching;

namespace XcsSharp.Handlers.Tests;

/// <summary>A handler is one class and one entry; off, it is as if it did not exist, but its words say how to turn it on.</summary>
public sealed class HandlerTableTests
{
    [Fact]
    public void Every_handler_is_off_at_first_and_its_words_name_the_setting()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest(1, "web");
        foreach (HandlerRegistration entry in HandlerTable.All)
        {
            foreach ((string word, _) in entry.Words)
            {
                string reply = rig.ReplyTo($"{word} web 512M");
                Assert.StartsWith($"ERR {OperatorError.Disabled} ", reply, StringComparison.Ordinal);
                Assert.Contains($"set Handlers:{entry.Name}=on", reply, StringComparison.Ordinal);
            }
        }

        Assert.Empty(guest.Asked);
    }

    [Fact]
    public void Nobody_of_those_that_are_off_takes_a_message()
    {
        using HandlerRig rig = new();
        PlayedGuest guest = rig.AddGuest();
        Assert.True(guest.Guest.TrySend(ControlMessage.Create(MessageType.Debug, 0, 1, "x"u8)));
        Assert.True(guest.Guest.TrySend(ControlMessage.Create(MessageType.Shutdown, 0, 1, "x"u8)));
        rig.RunIdle();
        Assert.Equal(2, rig.Domain().Channel!.Unanswered);
    }

    [Fact]
    public void A_new_handler_is_a_class_and_an_entry()
    {
        HandlerRegistration entry = new("Greeting", "for this test", [("GREET", "name")], static context => new Greeter(context));
        using HandlerRig rig = new(["Greeting"], [entry]);
        Assert.Equal("Handlers:Greeting", entry.Setting);
        Assert.Equal("ERR hello web", rig.ReplyTo("GREET web"));
        Assert.EndsWith(", GREET name", rig.ReplyTo("HELLO"), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_handlers_of_one_word_are_a_bug_of_ours()
    {
        using HandlerRig rig = new();
        OperatorWord word = new("GREET", "name", static _ => { });
        Assert.Throws<ArgumentException>(() => rig.Listen([word, word]));
    }

    [Fact]
    public void The_sample_answers_debug_messages_with_their_payload_counts_them_and_forgets_with_the_domain()
    {
        DebugHandler? handler = null;
        HandlerRegistration entry = HandlerTable.All.Single(entry => entry.Name == "Sample") with
        {
            Make = context => handler = new DebugHandler(context),
        };
        using HandlerRig rig = new(["Sample"], [entry]);
        PlayedGuest guest = rig.AddGuest(1, "web");
        for (byte id = 0; id < 3; id++)
        {
            Assert.True(guest.Guest.TrySend(ControlMessage.Create(MessageType.Debug, 4, id, "abc"u8)));
            rig.RunIdle();
            Assert.Equal(Rings.RingRead.Message, guest.Guest.Page.Transmit.TryTakeResponse(out ControlMessage response));
            Assert.Equal((MessageType.Debug, (byte)4, id), (response.Type, response.Subtype, response.Id));
            Assert.Equal("abc"u8, response.Data);
        }

        Assert.Equal("OK 1 web 3", rig.ReplyTo($"{DebugHandler.CountWord} web"));
        Assert.StartsWith("ERR unknown-domain ", rig.ReplyTo($"{DebugHandler.CountWord} nobody"), StringComparison.Ordinal);
        Assert.Equal(1, handler!.Senders);
        guest.Guest.Destroy();
        Assert.Equal(0, handler.Senders);
        _ = rig.AddGuest(1, "web");
        Assert.Equal("OK 1 web 0", rig.ReplyTo($"{DebugHandler.CountWord} web"));
    }

    private sealed class Greeter(HandlerContext context) : GuestHandler(context)
    {
        public override string Name => "greeter";

        public override void OnOperator(string word, IOperatorExchange exchange)
        {
            exchange.Refuse("hello", exchange.Arguments);

            // The first answer counted.
            exchange.Refuse("again", exchange.Arguments);
            Assert.True(exchange.IsOver);
        }
    }
}
