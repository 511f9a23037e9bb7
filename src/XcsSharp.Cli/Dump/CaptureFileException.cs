namespace XcsSharp.Cli.Dump;

/// <summary>A capture cannot be read or written. The message names the file and says what to do.</summary>
internal sealed class CaptureFileException(string message, Exception? inner = null) : IOException(message, inner);
