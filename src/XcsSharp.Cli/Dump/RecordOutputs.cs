using System.Text;

using XcsSharp.Client.Capture;
using XcsSharp.Interop;
using XcsSharp.Protocol;
using XcsSharp.Protocol.Payloads;

namespace XcsSharp.Cli.Dump;

/// <summary>Where records go, in one of the forms.</summary>
internal interface IRecordOutput : IDisposable
{
    void Write(in CapturedRecord record);

    /// <summary>No more comes at the moment: what was gathered goes out.</summary>
    void Flush();
}

/// <summary>A line each; on a terminal that is too narrow for it, more. Colors: times and answers are faint, and what does not
/// fit its struct, went nowhere or was lost stands out.</summary>
internal sealed class TextOutput(DescriptorStream output, bool colors) : IRecordOutput
{
    private const string Faint = "\e[2m";
    private const string Warning = "\e[33m";
    private const string Plain = "\e[0m";

    private readonly StringBuilder _lines = new();

    public void Write(in CapturedRecord record)
    {
        DecodedPayload payload = record.Decode();
        CapturedRecord local = record with { Time = record.Time.ToLocalTime() };
        int columns = output.Columns;
        string line = columns > 0 ? RecordText.Wrapped(local, payload, columns) : RecordText.Line(local, payload);
        if (!colors)
        {
            _lines.Append(line).Append('\n');
            return;
        }

        _lines.Append(Faint).Append(line, 0, RecordText.TimeWidth).Append(Plain)
            .Append(ColorOf(record, payload)).Append(line, RecordText.TimeWidth, line.Length - RecordText.TimeWidth)
            .Append(Plain).Append('\n');
    }

    public void Flush()
    {
        if (_lines.Length > 0)
        {
            output.Write(Encoding.UTF8.GetBytes(_lines.ToString()));
            _lines.Clear();
        }
    }

    public void Dispose()
    {
    }

    private static string ColorOf(in CapturedRecord record, DecodedPayload payload) => record.Record.Type switch
    {
        RecordType.Gap or RecordType.Undelivered => Warning,
        _ when record.HasMessage && payload.Fit is PayloadFit.Short or PayloadFit.Long or PayloadFit.Unknown => Warning,
        RecordType.Response => Faint,
        _ => "",
    };
}

/// <summary>One object a line.</summary>
internal sealed class JsonOutput : IRecordOutput
{
    private readonly Stream _output;
    private readonly MemoryStream _lines = new();
    private readonly RecordJson _json;

    public JsonOutput(Stream output)
    {
        _output = output;
        _json = new RecordJson(_lines);
    }

    public void Write(in CapturedRecord record) => _json.Write(record);

    public void Flush()
    {
        _output.Write(_lines.GetBuffer().AsSpan(0, (int)_lines.Length));
        _lines.SetLength(0);
    }

    public void Dispose() => _json.Dispose();
}

/// <summary>A capture. Each record is written at once, so that what follows it live is never behind.</summary>
internal sealed class CaptureOutput : IRecordOutput
{
    private readonly string _path;
    private readonly Stream _output;
    private readonly PcapngWriter _writer;

    private CaptureOutput(string path, Stream output)
    {
        _path = path;
        _output = output;
        try
        {
            _writer = new PcapngWriter(output);
        }
        catch (IOException failure) when (failure is not ErrnoException)
        {
            output.Dispose();
            throw CannotWrite(path, failure);
        }
    }

    /// <summary>A capture on standard output.</summary>
    public static CaptureOutput To(DescriptorStream output) => new("standard output", output);

    /// <summary>A capture in a file; what is in it is replaced.</summary>
    /// <exception cref="CaptureFileException">It cannot be written; also of <see cref="Write"/>.</exception>
    public static CaptureOutput Create(string path)
    {
        try
        {
            FileStream file = new(path, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
            });
            return new CaptureOutput(path, file);
        }
        catch (Exception failure) when (failure is IOException and not CaptureFileException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, failure);
        }
    }

    public void Write(in CapturedRecord record)
    {
        try
        {
            _writer.Write(record);
        }
        catch (IOException failure) when (failure is not ErrnoException)
        {
            throw CannotWrite(_path, failure);
        }
    }

    public void Flush()
    {
    }

    public void Dispose() => _output.Dispose();

    private static CaptureFileException CannotWrite(string path, Exception failure)
        => new($"the capture {path} cannot be written: {failure.Message.TrimEnd('.')}; give another FILE, or - for standard output", failure);
}
