using XcsSharp.TestKit;

using Xunit;

namespace XcsSharp.Consoles.Tests;

/// <summary>Names of users, from a file of the form of /etc/passwd.</summary>
public sealed class UserNamesTests : IDisposable
{
    private readonly PrivateDirectory _place = new("names");

    private string Passwd => _place["passwd"];

    public void Dispose() => _place.Dispose();

    [Fact]
    public void Who_is_in_the_file_has_a_name_and_who_comes_into_it_later_too()
    {
        UserNames names = new(Passwd);
        Assert.Null(names.Find(0));
        Write("root:x:0:0:root:/root:/bin/sh\nbroken line\nme:x:no number:0::/:/bin/sh\n", 1);
        Assert.Equal(("root", null), (names.Find(0), names.Find(1000)));
        Write("root:x:0:0:root:/root:/bin/sh\neva:x:1000:1000::/home/eva:/bin/sh\n", 2);
        Assert.Equal(("root", "eva"), (names.Find(0), names.Find(1000)));
    }

    [Fact]
    public void A_file_larger_than_a_mebibyte_is_not_looked_at()
    {
        string line = "root:x:0:0:root:/root:/bin/sh\n";
        UserNames names = new(Passwd);
        Write(line + new string('#', (1 << 20) - line.Length + 1), 1);
        Assert.Null(names.Find(0));
        Write(line + new string('#', (1 << 20) - line.Length), 2);
        Assert.Equal("root", names.Find(0));
    }

    /// <param name="text">Of the whole file.</param>
    /// <param name="second">When it was changed: later than the time before.</param>
    private void Write(string text, int second)
    {
        File.WriteAllText(Passwd, text);
        File.SetLastWriteTimeUtc(Passwd, DateTime.UnixEpoch.AddSeconds(second));
    }
}
