using System.Collections;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

using XcsSharp.Interop;
using XcsSharp.Reactor;

namespace XcsSharp.Daemon.Handover;

/// <summary>
/// The program that takes this one's place in the same process: what is at our own path now, called as we were called. systemd sees a
/// service that never ended.
/// </summary>
internal static class Successor
{
    /// <summary>Asks an executable whether it reads a state of the version behind it, and nothing else.</summary>
    public const string Question = "--reads-state";

    /// <summary>Process, and the number of the descriptor of its state: <c>123:45</c>.</summary>
    private const string Variable = "XCS_HANDOVER";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>As it was when we were started: a file that was replaced since has its name, and we ourselves have none.</summary>
    private static readonly string s_path = Environment.ProcessPath ?? "";

    /// <summary>Remembers what we were started from. First thing.</summary>
    public static string Remember() => s_path;

    /// <summary>The answer to <see cref="Question"/>.</summary>
    public static int Answer(ReadOnlySpan<string> arguments)
        => arguments.Length == 2
            && int.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out int version)
            && HandoverState.CanRead(version)
                ? ExitCode.Clean
                : ExitCode.BadSettings;

    /// <summary>Asks the executable at our path whether it can go on with what we would leave. From any thread.</summary>
    /// <returns>Null: it can. Otherwise why not, and what to do.</returns>
    public static async Task<string?> FindProblemAsync()
    {
        using CancellationTokenSource late = new(s_patience);
        try
        {
            ProcessStartInfo start = new(s_path, [Question, HandoverState.Version.ToString(CultureInfo.InvariantCulture)])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process asked = Process.Start(start)!;
            try
            {
                await asked.WaitForExitAsync(late.Token);
                return asked.ExitCode == ExitCode.Clean
                    ? null
                    : $"{s_path} does not read what this daemon would leave it (its state has version {HandoverState.Version}); restart with systemctl restart xcsd, or install a newer one";
            }
            catch (OperationCanceledException)
            {
                asked.Kill();
                return $"{s_path} did not say within {s_patience.TotalSeconds} s whether it can take over; is it xcsd?";
            }
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException)
        {
            return $"{s_path} can not be started ({e.Message}); install xcsd there";
        }
    }

    /// <summary>Ends this program for the next one.</summary>
    /// <returns>Why it did not come to that.</returns>
    public static string Execute(HandedDescriptors handed)
    {
        try
        {
            HandoverState state = new(
                DaemonVersion.Text,
                [.. handed.All.Select(static one => new HandedNumber(one.Name, one.Handle.DangerousGetHandle().ToInt32(), one.IsStored))],
                handed.Bytes,
                handed.Consoles);
            byte[] document = state.Write();
            if (!HandoverState.TryRead(document, out _, out string refused))
            {
                // Nobody would know what of its open descriptors is what, and nobody be served.
                return $"the next daemon would not read what this one leaves: {refused}";
            }

            using SafeFileHandle file = OpenDescriptors.MakeMemoryFile("xcsd-state");
            RandomAccess.Write(file, document, 0);
            Dictionary<string, string> environment = [];
            foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            {
                environment[(string)variable.Key] = (string?)variable.Value ?? "";
            }

            foreach (string spent in (string[])["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"])
            {
                environment.Remove(spent);
            }

            environment[Variable] = string.Create(
                CultureInfo.InvariantCulture, $"{Environment.ProcessId}:{file.DangerousGetHandle().ToInt32()}");
            return ProcessImage.Replace(
                s_path, Environment.GetCommandLineArgs(), environment, [file, .. handed.All.Select(static one => one.Handle)]).Message;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    /// <summary>Takes over what the program before us has left in this process; nothing when there was none.</summary>
    /// <exception cref="StartFailure">What it left can not be read: its sockets and their locks are open in this process, and nobody knows their numbers.</exception>
    public static void AddTo(HandedDescriptors handed, ILogger log)
    {
        string[] words = Environment.GetEnvironmentVariable(Variable)?.Split(':') ?? [];
        if (words.Length != 2
            || words[0] != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || number < 3)
        {
            return;
        }

        // Programs that we start are not meant.
        Environment.SetEnvironmentVariable(Variable, null);
        if (!TryReadInto(handed, new SafeFileHandle(number, ownsHandle: true), log))
        {
            throw new StartFailure(
                ExitCode.LoopFailed,
                "what the daemon before this one has left in this process can not be read, so nothing could be served here",
                "The service manager starts another at once, as after a crash; without one, start xcsd again.");
        }
    }

    /// <summary>Reads a state, and takes over the descriptors that it has the numbers of. What of it makes no sense is named in the log.</summary>
    /// <param name="handed">Gets all that.</param>
    /// <param name="document">Owned from here on.</param>
    /// <param name="log">Told of what is wrong.</param>
    /// <returns>False: nothing of it can be used.</returns>
    public static bool TryReadInto(HandedDescriptors handed, SafeFileHandle document, ILogger log)
    {
        using SafeFileHandle file = document;
        List<string> wrong = [];
        HandoverState? state = Read(file, wrong);
        if (state is null)
        {
            log.StateUnreadable(Summary(wrong));
            return false;
        }

        if (wrong.Count > 0)
        {
            log.StatePartlyUnreadable(Summary(wrong));
        }

        handed.Consoles = state.Consoles;
        handed.Bytes = state.Bytes;
        int number = file.DangerousGetHandle().ToInt32();
        foreach (HandedNumber descriptor in state.Descriptors.Where(one => one.Number != number))
        {
            SafeFileHandle handle = new(descriptor.Number, ownsHandle: true);
            if (OpenDescriptors.TryKeepFromPrograms(handle))
            {
                handed.Add(descriptor.Name, handle, descriptor.Stored);
            }
            else
            {
                handle.SetHandleAsInvalid();
            }
        }

        return true;
    }

    /// <summary>For one line of the log: the first, and how many there are.</summary>
    public static string Summary(IReadOnlyList<string> wrong) => wrong.Count == 1 ? wrong[0] : $"{wrong[0]}, and {wrong.Count - 1} more";

    private static HandoverState? Read(SafeFileHandle file, List<string> wrong)
    {
        try
        {
            byte[] text = new byte[Math.Min(RandomAccess.GetLength(file), HandoverState.MaxBytes + 1)];
            int read = RandomAccess.Read(file, text, 0);
            return HandoverState.ReadSound(text.AsSpan(0, read), wrong);
        }
        catch (Exception e) when (e is IOException or NotSupportedException or UnauthorizedAccessException)
        {
            wrong.Add(e.Message);
            return null;
        }
    }
}
