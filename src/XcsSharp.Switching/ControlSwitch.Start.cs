namespace XcsSharp.Switching;

/// <content>The start: what exists already is made known.</content>
public sealed partial class ControlSwitch
{
    /// <summary>
    /// Of the domains that are there at the start the first are named in the log and the others counted by whoever reports the start: a line
    /// wakes a writer and a reader, and two for each of a thousand guests took longer than serving them.
    /// </summary>
    private const int MostNamedAtStart = 32;

    private bool _isStarting;

    private bool NamesWhatComes => !_isStarting || _domains.Count <= MostNamedAtStart;

    /// <summary>Begins discovery: domains that exist already are known when this returns.</summary>
    public void Start()
    {
        _isStarting = true;
        _hypervisor.Start(this);
        _isStarting = false;
    }
}
