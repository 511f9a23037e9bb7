namespace XcsSharp.Xen;

/// <summary>
/// The connection to Xen, or to the simulated machine, ended while it was in use. Nothing can be served without it, so it
/// leaves the loop; restarting the daemon connects anew.
/// </summary>
public sealed class HypervisorLostException(string message, Exception? cause = null) : Exception(message, cause);
