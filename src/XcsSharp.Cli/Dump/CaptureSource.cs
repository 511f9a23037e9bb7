using XcsSharp.Client.Capture;

namespace XcsSharp.Cli.Dump;

/// <summary>The records of a capture, with errors that name the file and what can be done.</summary>
internal sealed class CaptureSource : IDisposable
{
    /// <summary>Standard input.</summary>
    public const string StandardInput = "-";

    private readonly string _path;
    private readonly Stream _input;
    private readonly PcapngReader _reader;
    private long _read;

    private CaptureSource(string path, Stream input)
    {
        _path = path;
        _input = input;
        _reader = new PcapngReader(input);
    }

    /// <summary>Packets so far that are somebody else's.</summary>
    public long Skipped => _reader.Skipped;

    /// <param name="path">A file, or <see cref="StandardInput"/>.</param>
    /// <param name="standardInput">Buffered for us; stays the caller's.</param>
    /// <exception cref="CaptureFileException">It cannot be opened.</exception>
    public static CaptureSource Open(string path, Stream standardInput)
    {
        if (path == StandardInput)
        {
            return new CaptureSource("standard input", new BufferedStream(standardInput));
        }

        try
        {
            // Whoever still writes it goes on.
            return new CaptureSource(path, new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 64 * 1024));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CaptureFileException(
                $"the capture {path} cannot be read: {failure.Message.TrimEnd('.')}; give the path of a pcapng file, or - for standard input",
                failure);
        }
    }

    /// <returns>False at the end.</returns>
    /// <exception cref="CaptureFileException">It is damaged, cut short, or no capture at all.</exception>
    public bool TryRead(out CapturedRecord record)
    {
        try
        {
            if (_reader.TryRead(out record))
            {
                _read++;
                return true;
            }
        }
        catch (InvalidDataException damaged)
        {
            throw new CaptureFileException($"{_path}: {damaged.Message}{WhatIsWhole()}", damaged);
        }

        return _reader.IsCutShort
            ? throw new CaptureFileException($"{_path} ends in the middle of a block: its writer was killed, or it is a part of a file{WhatIsWhole()}")
            : false;
    }

    public void Dispose() => _input.Dispose();

    private string WhatIsWhole() => _read == 0
        ? ""
        : $"; the {_read} messages before that are whole, and kept by: xcsctl dump --read OLD --count {_read} --pcap NEW";
}
