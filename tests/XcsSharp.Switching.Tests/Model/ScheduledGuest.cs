using XcsSharp.Rings;

namespace XcsSharp.Switching.Tests.Model;

/// <summary>A real page of a guest and what the model knows of its channel.</summary>
internal sealed class ScheduledGuest(FakeGuest guest)
{
    public FakeGuest Guest => guest;

    /// <summary>Requests that the guest has taken and not answered, oldest first.</summary>
    public Queue<ControlMessage> ToAnswer { get; } = [];

    /// <summary>Takes what came, and finds it to be what had to come.</summary>
    /// <returns>What is wrong, or null.</returns>
    public string? Read(ModelChannel channel)
        => Read(channel.ExpectedAnswers, answers: true) ?? Read(channel.ExpectedRequests, answers: false);

    private string? Read(Queue<ControlMessage> expected, bool answers)
    {
        string what = answers ? "answer" : "request";
        RingRead read;
        ControlMessage message;
        while ((read = answers
            ? guest.Page.Transmit.TryTakeResponse(out message)
            : guest.Page.Receive.TryTakeRequest(out message)) == RingRead.Message)
        {
            if (!expected.TryDequeue(out ControlMessage next))
            {
                return $"domain {guest.Domid} got the {what} {ScheduledClient.Text(message)}, and nothing was to come";
            }

            if (!IsSame(message, next))
            {
                return $"domain {guest.Domid} got the {what} {ScheduledClient.Text(message)} instead of {ScheduledClient.Text(next)}";
            }

            if (!answers)
            {
                ToAnswer.Enqueue(message);
            }
        }

        return read == RingRead.Corrupt ? $"domain {guest.Domid}: the ring is corrupt"
            : expected.Count > 0 ? $"domain {guest.Domid} did not get the {what} {ScheduledClient.Text(expected.Peek())}"
            : null;
    }

    private static bool IsSame(in ControlMessage one, in ControlMessage other)
        => (one.Type, one.Subtype, one.Id, one.Length) == (other.Type, other.Subtype, other.Id, other.Length)
            && ((ReadOnlySpan<byte>)one.Payload).SequenceEqual(other.Payload);
}
