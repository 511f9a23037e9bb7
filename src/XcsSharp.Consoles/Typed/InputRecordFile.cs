using System.Text;

using XcsSharp.Reactor;

namespace XcsSharp.Consoles;

/// <summary>One file of what is typed. Lines wait here while the disk is busy, at most <see cref="Limit"/>; more are dropped whole, and a line says how many.</summary>
internal sealed class InputRecordFile : IAppendSource
{
    /// <summary>Bytes that wait for the disk.</summary>
    internal const int Limit = 64 * 1024;

    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(5);

    private readonly InputRecords _records;
    private readonly AppendFile _file;
    private readonly LoopTimer _retry;
    private readonly List<byte> _waiting = [];
    private long _linesLost;
    private bool _isWriting;
    private bool _hasFailed;
    private bool _isClosed;

    internal InputRecordFile(InputRecords records, string name)
    {
        _records = records;
        Name = name;
        _file = records.Logs.OpenPrivateFile(this, name);
        _retry = records.Logs.Loop.CreateTimer(Write);
    }

    internal string Name { get; }

    /// <summary>Consoles that write to it. It is closed when there is none and all is written.</summary>
    internal int Users { get; set; }

    /// <summary>Takes a line, or counts it when too much waits for the disk.</summary>
    internal void Add(ReadOnlySpan<byte> line)
    {
        // What is missing is said before the line that follows it.
        byte[] gap = _linesLost == 0 ? []
            : Encoding.ASCII.GetBytes($"{InputRecorder.Stamp(_records.Logs.WallTime())} [gap: {_linesLost} lines]\n");
        if (_waiting.Count + gap.Length + line.Length > Limit)
        {
            _linesLost++;
            return;
        }

        _waiting.AddRange(gap);
        _waiting.AddRange(line);
        _linesLost = 0;
        if (!_retry.IsScheduled)
        {
            Write();
        }
    }

    /// <summary>One console less writes to it.</summary>
    internal void Leave()
    {
        Users--;
        CloseIfDone();
    }

    internal void Reopen()
    {
        _file.Reopen();
        if (_retry.IsScheduled)
        {
            Write();
        }
    }

    public int Fill(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _waiting.Count);
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_waiting)[..count].CopyTo(buffer);
        _isWriting = count > 0;
        return count;
    }

    public void OnLooked(bool? endsInsideLine)
    {
    }

    public void OnAppended(AppendResult result)
    {
        _isWriting = false;
        _waiting.RemoveRange(0, result.Written);
        if (result.Problem is null)
        {
            _hasFailed = false;
            if (_waiting.Count > 0)
            {
                Write();
            }
        }
        else
        {
            Stop(result.Problem);
        }

        CloseIfDone();
    }

    private void Write()
    {
        _retry.Cancel();
        _file.Append();
    }

    private void Stop(string problem)
    {
        if (!_hasFailed)
        {
            _hasFailed = true;
            _records.Logs.Log.InputNotRecorded(_file.Path, problem, s_retry.TotalSeconds);
        }

        if (Users == 0)
        {
            // Its guests are gone: a disk that stays full must not keep lines of ever more names.
            _waiting.Clear();
            return;
        }

        _retry.Schedule(s_retry);
    }

    private void CloseIfDone()
    {
        if (Users == 0 && _waiting.Count == 0 && !_isWriting && !_isClosed)
        {
            _isClosed = true;
            _retry.Cancel();
            _file.Dispose();
            _records.OnClosed(this);
        }
    }
}
