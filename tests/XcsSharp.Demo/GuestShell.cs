using System.Globalization;
using System.Text;
using System.Threading.Channels;

using XcsSharp.TestKit;

namespace XcsSharp.Demo;

/// <summary>
/// What runs in a guest of the demo: a boot log, then a shell of a few words. It sits behind the standard input and output
/// of <c>xcs-guest console</c>, as a login would sit behind /dev/console.
/// </summary>
internal sealed class GuestShell : IAsyncDisposable
{
    private readonly string _name;
    private readonly GuestProgram _program;
    private readonly CancellationTokenSource _stop = new();
    private readonly DateTime _booted = DateTime.UtcNow;
    private readonly StringBuilder _line = new();
    private readonly Channel<byte[]> _typed;
    private readonly Task _running;

    private GuestShell(SimMachine machine, GuestOptions guest)
    {
        _name = guest.Name;
        _typed = Channel.CreateUnbounded<byte[]>();
        _program = GuestProgram.StartConsole(machine, guest, bytes => _typed.Writer.TryWrite(bytes.ToArray()));
        _running = RunAsync(guest.Classic ? BootLogs.Of2005(guest.Name) : BootLogs.OfToday(guest.Name));
    }

    public static GuestShell Start(SimMachine machine, GuestOptions guest) => new(machine, guest);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _program.DisposeAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync(IEnumerable<string> bootLog)
    {
        try
        {
            foreach (string line in bootLog)
            {
                await PrintAsync(line + "\r\n");
                await Task.Delay(TimeSpan.FromMilliseconds(30), _stop.Token); // as slowly as a boot is read
            }

            await PrintAsync($"\r\nType help.\r\n{Prompt}");
            await foreach (byte[] typed in _typed.Reader.ReadAllAsync(_stop.Token))
            {
                foreach (byte key in typed)
                {
                    await TakeKeyAsync((char)key);
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException)
        {
            // The demo is over, or the guest has been killed.
        }
    }

    private string Prompt => $"{_name}:~# ";

    private Task PrintAsync(string text) => _program.WriteAsync(text, _stop.Token);

    private async Task TakeKeyAsync(char key)
    {
        switch (key)
        {
            case '\r' or '\n':
                string command = _line.ToString().Trim();
                _line.Clear();
                await PrintAsync("\r\n");
                await ObeyAsync(command);
                await PrintAsync(Prompt);
                break;
            case '\b' or '\x7f' when _line.Length > 0:
                _line.Length--;
                await PrintAsync("\b \b");
                break;
            case '\x03' or '\x15':
                _line.Clear();
                await PrintAsync($"^{(char)(key + '@')}\r\n{Prompt}");
                break;
            case >= ' ' and < '\x7f' when _line.Length < 200:
                _line.Append(key);
                await PrintAsync(key.ToString());
                break;
        }
    }

    private async Task ObeyAsync(string command)
    {
        TimeSpan up = DateTime.UtcNow - _booted;
        string answer = command.Split(' ')[0] switch
        {
            "" => "",
            "help" => "help, date, uptime, uname, stars, echo TEXT. Leave the console with Ctrl and ].",
            "date" => DateTime.UtcNow.ToString("ddd MMM d HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture),
            "uptime" => $"up {up:hh\\:mm\\:ss}, 1 user, load average: 0.00, 0.00, 0.00",
            "uname" => "XcsSharp guest: every byte you see came as 60-byte messages through a ring of 8 slots",
            "echo" => command.Length > 5 ? command[5..] : "",
            "stars" => "*",
            string unknown => $"{unknown}: not found (type help)",
        };
        if (answer == "*")
        {
            await StarsAsync();
        }
        else if (answer.Length > 0)
        {
            await PrintAsync(answer + "\r\n");
        }
    }

    private async Task StarsAsync()
    {
        const int Rows = 12;
        const int Columns = 64;
        const string Sky = "        .      +     *     .  ";
        for (int row = 0; row < Rows; row++)
        {
            StringBuilder line = new(Columns);
            for (int column = 0; column < Columns; column++)
            {
                bool dark = Random.Shared.Next(4) != 0;
                line.Append(dark ? ' ' : Sky[Random.Shared.Next(Sky.Length)]);
            }

            await PrintAsync($"{line.ToString().TrimEnd()}\r\n");
            await Task.Delay(TimeSpan.FromMilliseconds(40), _stop.Token);
        }
    }
}
