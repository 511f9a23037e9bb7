using System.Net;
using System.Net.Sockets;

using XcsSharp.TestKit;

namespace XcsSharp.Exporter.Tests;

/// <summary>A simulated machine with the real daemon and the real exporter, for one test.</summary>
internal sealed class ExporterLab : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _owned = new();
    private readonly HttpClient _client = new();
    private readonly int _port = FreePort();

    private ExporterLab(SimMachine machine)
    {
        Machine = machine;
        Places = new DaemonPlaces(machine);
    }

    /// <summary>The running test's token.</summary>
    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public SimMachine Machine { get; }

    public DaemonPlaces Places { get; }

    public XcsdDaemon Daemon { get; private set; } = null!;

    public ChildProcess Exporter { get; private set; } = null!;

    /// <summary>Where the exporter listens.</summary>
    public string Address => $"127.0.0.1:{_port}";

    public static Task<ExporterLab> StartAsync(params string[] options)
        => StartAsync(static lab => lab.StartDaemonAsync(), Executables.Path("xcs-exporter"), options);

    /// <summary>With an exporter that is nobody's, and a daemon that lets anybody in.</summary>
    public static Task<ExporterLab> StartAsNobodyAsync(string[] daemon, params string[] options)
        => StartAsync(
            async lab =>
            {
                await lab.StartDaemonAsync([.. daemon, "--Sockets:Mode=0666"]);
                File.SetUnixFileMode(Path.GetDirectoryName(lab.Places.Console)!, (UnixFileMode)Convert.ToInt32("755", 8));
            },
            "setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", Executables.Path("xcs-exporter"), .. options]);

    private static async Task<ExporterLab> StartAsync(Func<ExporterLab, Task> startDaemon, string exporter, string[] arguments)
    {
        ExporterLab lab = new(await SimMachine.StartAsync(Cancel));
        try
        {
            await startDaemon(lab);
            await lab.StartExporterAsync(exporter, arguments);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port that nobody has. Another may take it meanwhile, which the test's failure would say.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static void Print(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);

    public T Own<T>(T thing)
        where T : IAsyncDisposable
    {
        _owned.Push(thing);
        return thing;
    }

    public async Task StartDaemonAsync(params string[] options) => Daemon = await XcsdDaemon.StartAsync(Places, Cancel, options);

    public async Task StopDaemonAsync()
    {
        Assert.Equal(0, await Daemon.TerminateAsync(Cancel));
        await Daemon.DisposeAsync();
    }

    /// <summary>A guest with <c>xcs-guest console</c>, connected.</summary>
    public async Task<GuestProgram> GuestAsync(string name)
    {
        GuestProgram guest = Own(GuestProgram.StartConsole(Machine, new GuestOptions(name)));
        _ = await OperatorQuery.WaitForConnectedAsync(Places.Console, name, Cancel);
        return guest;
    }

    /// <summary>Has a guest print, and waits until the daemon has all of it.</summary>
    public async Task PrintAsync(GuestProgram guest, string text)
    {
        ulong before = await OutputOfAsync(guest.Name);
        await guest.WriteAsync(text, Cancel);
        _ = await OperatorQuery.WaitForListAsync(
            Places.Console, list => list.Domains.Single(domain => domain.Name == guest.Name).BytesOut >= before + (ulong)text.Length, "the output", Cancel);
    }

    public async Task<Scrape> ScrapeAsync() => Scrape.Parse(await TextAsync());

    public Task<string> TextAsync() => _client.GetStringAsync(new Uri($"http://{Address}/metrics"), Cancel);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path)
        => _client.SendAsync(new HttpRequestMessage(method, new Uri($"http://{Address}{path}")), Cancel);

    /// <summary>One more connection, over which a question was answered; null when it is closed instead.</summary>
    public async Task<TcpClient?> ConnectAsync()
    {
        TcpClient client = new();
        await client.ConnectAsync(IPAddress.Loopback, _port, Cancel);
        try
        {
            await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Cancel);
            if (await client.GetStream().ReadAsync(new byte[1], Cancel) == 1)
            {
                return client;
            }
        }
        catch (IOException)
        {
            // Closed with our question in it.
        }

        client.Dispose();
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (Exporter is not null)
        {
            Print($"--- log of the exporter:\n{Exporter.Output.Text}{Exporter.Error.Text}");
        }

        while (_owned.TryPop(out IAsyncDisposable? thing))
        {
            await thing.DisposeAsync();
        }

        _client.Dispose();
        if (Daemon is not null)
        {
            await Daemon.DisposeAsync();
            Print($"--- log of the daemon:\n{Daemon.Log}");
        }

        await Machine.DisposeAsync();
    }

    private async Task StartExporterAsync(string program, string[] arguments)
    {
        NotifySocket notify = Own(new NotifySocket(Machine["exporter.sock"]));
        File.SetUnixFileMode(notify.Path, (UnixFileMode)Convert.ToInt32("666", 8));
        Exporter = Own(ChildProcess.Start(
            program,
            [.. arguments, "--socket", Places.Console, "--listen", Address],
            new() { Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = notify.Path } }));
        await notify.Messages.WaitForTextAsync("READY=1\n", Cancel);
    }

    private async Task<ulong> OutputOfAsync(string name)
        => (await OperatorQuery.ListAsync(Places.Console, Cancel)).Domains.Single(domain => domain.Name == name).BytesOut;
}
