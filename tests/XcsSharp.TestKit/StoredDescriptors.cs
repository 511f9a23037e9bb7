using System.Runtime.InteropServices;
using System.Text;

using Microsoft.Win32.SafeHandles;

using Mono.Unix.Native;

namespace XcsSharp.TestKit;

/// <summary>
/// systemd's file descriptor store for one service, over several lives of its daemon: takes descriptors by their names, gives them all to the
/// next daemon from number 3 on, and closes them when the service is stopped.
/// </summary>
/// <param name="capacity">As FileDescriptorStoreMax= says; more are dropped without a word to the daemon.</param>
public sealed class StoredDescriptors(int capacity) : IDisposable
{
    /// <summary>Becomes the command after "--" with copies of another process's descriptors from 3 on: process, then numbers.</summary>
    private const string Giver = """
        my $of = syscall(434, int(shift @ARGV), 0); $of >= 0 or die "pidfd_open: $!";
        my @open;
        while (@ARGV and (my $number = shift @ARGV) ne "--") {
            my $copy = syscall(438, $of, int($number), 0); $copy >= 0 or die "pidfd_getfd: $!";
            push @open, $copy;
        }
        POSIX::dup2($_, 500 + $_) >= 0 or die "dup2: $!" for @open;
        POSIX::close($_) for @open, $of;
        my $n = 3;
        for (@open) { POSIX::dup2(500 + $_, $n++); POSIX::close(500 + $_) }
        $ENV{LISTEN_FDS} = @open; $ENV{LISTEN_PID} = $$;
        exec { $ARGV[0] } @ARGV or die $!;
        """;

    private readonly Lock _lock = new();
    private readonly List<KeyValuePair<string, SafeFileHandle>> _stored = [];

    public int Capacity { get; } = capacity;

    /// <summary>Those of now, each once.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_lock)
            {
                return [.. _stored.Select(static stored => stored.Key).Distinct()];
            }
        }
    }

    /// <summary>Descriptors of now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _stored.Count;
            }
        }
    }

    /// <summary>One datagram and what came with it, from a socket that has one.</summary>
    public static (string Text, IReadOnlyList<SafeFileHandle> Descriptors) Receive(int socket)
    {
        const int Room = 4096;
        nint buffer = Marshal.AllocHGlobal(Room);
        try
        {
            Msghdr message = new()
            {
                msg_iov = [new Iovec { iov_base = buffer, iov_len = Room }],
                msg_iovlen = 1,
                msg_control = new byte[Room],
                msg_controllen = Room,
            };
            long count = Syscall.recvmsg(socket, message, MessageFlags.MSG_CMSG_CLOEXEC);
            if (count < 0)
            {
                throw new IOException($"recvmsg: {Stdlib.GetLastError()}");
            }

            byte[] text = new byte[count];
            Marshal.Copy(buffer, text, 0, (int)count);
            List<SafeFileHandle> descriptors = [];
            for (long at = Syscall.CMSG_FIRSTHDR(message); at >= 0; at = Syscall.CMSG_NXTHDR(message, at))
            {
                Cmsghdr header = Cmsghdr.ReadFromBuffer(message, at);
                long data = Syscall.CMSG_DATA(message, at);
                long end = at + header.cmsg_len;
                for (; data + sizeof(int) <= end; data += sizeof(int))
                {
                    descriptors.Add(new SafeFileHandle(BitConverter.ToInt32(message.msg_control, (int)data), ownsHandle: true));
                }
            }

            return (Encoding.UTF8.GetString(text), descriptors);
        }
        finally
        {
            Marshal.FreeHGlobal(buffer);
        }
    }

    /// <summary>Acts on a message as systemd does.</summary>
    /// <param name="message">Lines of NAME=value.</param>
    /// <param name="descriptors">Owned from here on.</param>
    public void Take(string message, IReadOnlyList<SafeFileHandle> descriptors)
    {
        string[] lines = message.Split('\n');
        string name = lines.FirstOrDefault(static line => line.StartsWith("FDNAME=", StringComparison.Ordinal))?["FDNAME=".Length..] ?? "stored";
        int taken = 0;
        lock (_lock)
        {
            if (lines.Contains("FDSTOREREMOVE=1"))
            {
                foreach (KeyValuePair<string, SafeFileHandle> stored in _stored.Where(stored => stored.Key == name))
                {
                    stored.Value.Dispose();
                }

                _ = _stored.RemoveAll(stored => stored.Key == name);
            }
            else if (lines.Contains("FDSTORE=1"))
            {
                for (; taken < descriptors.Count && _stored.Count < Capacity; taken++)
                {
                    _stored.Add(KeyValuePair.Create(name, descriptors[taken]));
                }
            }
        }

        foreach (SafeFileHandle descriptor in descriptors.Skip(taken))
        {
            descriptor.Dispose();
        }
    }

    /// <summary>What the file of that name has.</summary>
    public byte[] Read(string name)
    {
        lock (_lock)
        {
            SafeFileHandle file = _stored.Single(stored => stored.Key == name).Value;
            byte[] content = new byte[RandomAccess.GetLength(file)];
            _ = RandomAccess.Read(file, content, 0);
            return content;
        }
    }

    /// <summary>Puts a file in the place of what has that name.</summary>
    public void Overwrite(string name, ReadOnlySpan<byte> content)
    {
        string path = Path.Combine(Path.GetTempPath(), $"xcs-stored-{Guid.NewGuid():N}");
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
        File.Delete(path);
        RandomAccess.Write(file, content, 0);
        lock (_lock)
        {
            foreach (KeyValuePair<string, SafeFileHandle> stored in _stored.Where(stored => stored.Key == name))
            {
                stored.Value.Dispose();
            }

            _ = _stored.RemoveAll(stored => stored.Key == name);
            _stored.Add(KeyValuePair.Create(name, file));
        }
    }

    /// <summary>What stands before the daemon's command line so that it gets them, and in its environment.</summary>
    public (string[] Prefix, IReadOnlyDictionary<string, string> Environment) Launch()
    {
        lock (_lock)
        {
            Dictionary<string, string> environment = new() { ["FDSTORE"] = $"{Capacity}" };
            if (_stored.Count == 0)
            {
                return ([], environment);
            }

            environment["LISTEN_FDNAMES"] = string.Join(':', _stored.Select(static stored => stored.Key));
            IEnumerable<string> numbers = _stored.Select(static stored => $"{stored.Value.DangerousGetHandle()}");
            return (["perl", "-MPOSIX=dup2,close", "-e", Giver, $"{System.Environment.ProcessId}", .. numbers, "--"], environment);
        }
    }

    /// <summary>The service is stopped.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (KeyValuePair<string, SafeFileHandle> stored in _stored)
            {
                stored.Value.Dispose();
            }

            _stored.Clear();
        }
    }
}
