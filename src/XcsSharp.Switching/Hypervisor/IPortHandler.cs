namespace XcsSharp.Switching;

/// <summary>Who an event-channel port belongs to.</summary>
public interface IPortHandler
{
    /// <summary>The port was signalled. It is masked and stays so until the handler has it unmasked.</summary>
    void OnPortEvent(int port);
}
