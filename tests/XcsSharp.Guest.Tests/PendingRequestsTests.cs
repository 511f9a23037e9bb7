using XcsSharp.Protocol;

namespace XcsSharp.Guest.Tests;

public sealed class PendingRequestsTests
{
    [Fact]
    public void Any_order_of_answers_is_matched_by_type_and_id()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        PendingRequests pending = default;
        List<(MessageType Type, byte Id)> model = [];
        for (int i = 0; i < 100_000; i++)
        {
            (MessageType Type, byte Id) message = ((MessageType)random.Next(3), (byte)random.Next(256));
            if (model.Count < ProtocolLimits.RingSlots && random.Next(2) == 0)
            {
                pending.Add(message.Type, message.Id);
                model.Add(message);
            }
            else
            {
                message = model.Count > 0 && random.Next(4) != 0 ? model[random.Next(model.Count)] : message;
                Assert.Equal(model.Remove(message), pending.TryRemove(message.Type, message.Id));
            }

            Assert.Equal(model.Count, pending.Count);
            Assert.Equal(model.Any(m => m.Id == message.Id), pending.HasId(message.Id));
        }
    }

    [Fact]
    public void The_oldest_is_removed_first_and_nothing_from_nothing()
    {
        PendingRequests pending = default;
        pending.RemoveOldest();
        pending.Add(MessageType.Console, 1);
        pending.Add(MessageType.Console, 2);
        pending.RemoveOldest();
        Assert.False(pending.HasId(1));
        Assert.True(pending.HasId(2));
        Assert.False(pending.TryRemove(MessageType.Shutdown, 2));
        Assert.True(pending.TryRemove(MessageType.Console, 2));
        Assert.Equal(0, pending.Count);
    }
}
