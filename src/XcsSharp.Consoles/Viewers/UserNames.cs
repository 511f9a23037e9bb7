using System.Globalization;

namespace XcsSharp.Consoles;

/// <summary>Names of this machine's users, for people to read.</summary>
/// <remarks>
/// From /etc/passwd alone: the name service may ask a directory server, and nobody waits for one on the loop's thread. The file is read
/// again when a number is missing and the file has changed.
/// </remarks>
internal sealed class UserNames(string path = "/etc/passwd")
{
    /// <summary>A larger file is not looked at.</summary>
    private const int MaxBytes = 1 << 20;

    private readonly Dictionary<uint, string> _names = [];
    private DateTime _readAt;

    /// <summary>Null when the file has no such user.</summary>
    internal string? Find(uint uid)
    {
        if (!_names.TryGetValue(uid, out string? name))
        {
            Read();
            name = _names.GetValueOrDefault(uid);
        }

        return name;
    }

    /// <summary>For a record of fixed form: what is no usual character of a name is a question mark.</summary>
    internal static string Plain(string? name) => string.IsNullOrEmpty(name) ? "?" : string.Create(name.Length, name, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsAsciiLetterOrDigit(source[i]) || source[i] is '.' or '_' or '-' or '$' ? source[i] : '?';
        }
    });

    private void Read()
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists || file.Length > MaxBytes || file.LastWriteTimeUtc == _readAt)
            {
                return;
            }

            _readAt = file.LastWriteTimeUtc;
            foreach (string line in File.ReadLines(path))
            {
                string[] fields = line.Split(':', 4);
                if (fields.Length == 4 && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint uid))
                {
                    _ = _names.TryAdd(uid, OperatorConnection.Printable(fields[0]));
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Then they are numbers.
        }
    }
}
