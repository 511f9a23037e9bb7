using System.Diagnostics;
using System.Globalization;

using XcsSharp.Interop;

namespace XcsSharp.Cli;

/// <summary>Says on the operator's terminal what is being waited for, when that takes longer than a second. In a pipe it says nothing.</summary>
/// <remarks>
/// One line of standard error, which is gone before the answer is printed. It needs a carriage return and spaces, and no sequence, so that any terminal
/// will do.
/// </remarks>
internal sealed class Progress(StandardStreams streams)
{
    /// <summary>Between two lines, and before the first.</summary>
    private static readonly TimeSpan s_pace = TimeSpan.FromSeconds(1);

    private int _width;

    /// <param name="work">What takes long.</param>
    /// <param name="what">Completes the sentence "xcsctl: …, 3 s"; asked each time.</param>
    public async Task<T> WhileAsync<T>(Task<T> work, Func<string> what)
    {
        if (!streams.RawError.IsTerminal)
        {
            return await work;
        }

        long start = Stopwatch.GetTimestamp();
        try
        {
            while (await Task.WhenAny(work, Task.Delay(s_pace)) != work)
            {
                Show($"xcsctl: {what()}, {Stopwatch.GetElapsedTime(start).TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s");
            }
        }
        finally
        {
            Clear();
        }

        return await work;
    }

    private void Show(string line)
    {
        int most = (streams.RawError.Columns is > 0 and int columns ? columns : 80) - 1;
        line = TextTable.Printable(line);
        line = line.Length > most ? line[..most] : line;
        Write("\r" + line.PadRight(_width));
        _width = line.Length;
    }

    private void Clear()
    {
        if (_width > 0)
        {
            Write("\r" + new string(' ', _width) + "\r");
            _width = 0;
        }
    }

    private void Write(string text)
    {
        try
        {
            streams.Error.Write(text);
        }
        catch (ErrnoException)
        {
            // The terminal was hung up; what was asked for is done all the same.
        }
    }
}
