namespace XcsSharp.Consoles;

/// <summary>
/// What is typed at consoles, and by whom, in files beside the logs: <c>typed-web.log</c>. Only their owner reads them, for people type passwords.
/// </summary>
/// <remarks>
/// Written by the logs' thread, with the logs' limits of size and number; old ones are not compressed. A file belongs to a name; all consoles that
/// have the name share it, since a line is written whole.
/// </remarks>
internal sealed class InputRecords(GuestLogs logs)
{
    private readonly Dictionary<string, InputRecordFile> _files = new(StringComparer.Ordinal);
    private readonly HashSet<InputRecorder> _recorders = [];

    internal GuestLogs Logs { get; } = logs;

    /// <summary>A console's record.</summary>
    internal InputRecorder Open(GuestConsole console)
    {
        var recorder = new InputRecorder(this, console);
        _ = _recorders.Add(recorder);
        return recorder;
    }

    /// <summary>The file of that name, which is used once more.</summary>
    internal InputRecordFile Use(string name)
    {
        if (!_files.TryGetValue(name, out InputRecordFile? file))
        {
            _files[name] = file = new InputRecordFile(this, name);
        }

        file.Users++;
        return file;
    }

    internal void OnClosed(InputRecordFile file) => _ = _files.Remove(file.Name);

    internal void OnFinished(InputRecorder recorder) => _ = _recorders.Remove(recorder);

    /// <summary>Opens all files by their names again.</summary>
    internal void Reopen()
    {
        foreach (InputRecordFile file in _files.Values)
        {
            file.Reopen();
        }
    }

    /// <summary>Has all written that was typed so far.</summary>
    internal void Flush()
    {
        foreach (InputRecorder recorder in _recorders)
        {
            recorder.EndLine();
        }
    }
}
