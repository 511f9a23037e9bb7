namespace XcsSharp.Xen;

/// <summary>Where one end of a paravirtual device is in the handshake (xen/include/public/io/xenbus.h).</summary>
internal enum XenbusState
{
    Unknown = 0,
    Initialising = 1,

    /// <summary>A back end waits for the front end's ring and port.</summary>
    InitWait = 2,

    /// <summary>A front end has published its ring and port.</summary>
    Initialised = 3,

    Connected = 4,
    Closing = 5,
    Closed = 6,
    Reconfiguring = 7,
    Reconfigured = 8,
}
