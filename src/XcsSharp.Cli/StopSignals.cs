using System.Runtime.InteropServices;

namespace XcsSharp.Cli;

/// <summary>The signals that ask a program to stop, as calls instead of sudden ends, from here to its disposal.</summary>
internal sealed class StopSignals : IDisposable
{
    public const int Interrupt = 2;

    private readonly PosixSignalRegistration[] _registrations;

    /// <param name="stop">Gets the signal's number, on any thread.</param>
    public StopSignals(Action<int> stop)
    {
        _registrations =
        [
            On(PosixSignal.SIGHUP, 1, stop),
            On(PosixSignal.SIGINT, Interrupt, stop),
            On(PosixSignal.SIGQUIT, 3, stop),
            On(PosixSignal.SIGTERM, 15, stop),
        ];
    }

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private static PosixSignalRegistration On(PosixSignal signal, int number, Action<int> stop)
        => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop(number);
        });
}
