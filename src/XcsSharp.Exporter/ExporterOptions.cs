using System.Net;

namespace XcsSharp.Exporter;

/// <summary>What the command line asks for, checked.</summary>
/// <param name="Socket">The daemon's console socket.</param>
/// <param name="Listen">Where Prometheus asks; a loopback address.</param>
/// <param name="Otlp">The collector; null: nothing is sent.</param>
/// <param name="Interval">Between two exports of metrics.</param>
/// <param name="Logs">Whether consoles' lines are sent too.</param>
/// <param name="MostConsoles">Followed at once for that.</param>
internal sealed record ExporterOptions(string Socket, IPEndPoint Listen, Uri? Otlp, TimeSpan Interval, bool Logs, int MostConsoles);
