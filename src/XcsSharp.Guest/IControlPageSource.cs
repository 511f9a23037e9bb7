using XcsSharp.Rings;

namespace XcsSharp.Guest;

/// <summary>How a guest comes by its control page, tells dom0 of it, and lets it go.</summary>
internal interface IControlPageSource : IDisposable
{
    /// <summary>Our end of the event channel, of the device given when the source was made.</summary>
    uint Port { get; }

    GuestPage Page { get; }

    /// <summary>Makes the page known. From here on dom0 may use it.</summary>
    void Publish();
}
