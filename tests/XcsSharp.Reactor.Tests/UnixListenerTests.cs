using System.Net.Sockets;

using XcsSharp.TestKit;

namespace XcsSharp.Reactor.Tests;

public sealed class UnixListenerTests : IDisposable
{
    private readonly PrivateDirectory _directory = new("listen");
    private readonly LoopRig _rig = new();
    private readonly List<SafeFileHandle> _accepted = [];
    private readonly string _path;

    public UnixListenerTests() => _path = _directory["s"];

    public void Dispose()
    {
        _accepted.ForEach(socket => socket.Dispose());
        _rig.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void A_connection_is_accepted_and_does_not_block()
    {
        Listen();
        using Socket client = Connect();
        _rig.TurnUntil(() => _accepted.Count == 1);
        byte[] buffer = new byte[10];
        Assert.Equal(Errno.EAGAIN, Sys.Read(_accepted[0], buffer).Error);
        client.Send([7]);
        Assert.Equal(1, Sys.Read(_accepted[0], buffer).Value);
        _rig.AssertSleeps();
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)]
    public void The_socket_has_exactly_the_mode_that_was_asked_for(UnixFileMode mode)
    {
        Listen((int)mode);
        Assert.Equal(mode, File.GetUnixFileMode(_path));
    }

    [Fact]
    public void The_socket_is_known_by_its_own_name()
    {
        Listen();
        using Socket client = Connect();
        Assert.Equal(_path, client.RemoteEndPoint!.ToString());
    }

    [Fact]
    public void A_second_listener_is_refused_and_the_first_goes_on()
    {
        Listen();
        SocketInUseException refused = Assert.Throws<SocketInUseException>(() => Listen());
        Assert.Equal(_path, refused.Path);
        Assert.Contains(_path, refused.Message, StringComparison.Ordinal);
        using Socket client = Connect();
        _rig.TurnUntil(() => _accepted.Count == 1);
        Assert.Throws<SocketInUseException>(() => Listen());
    }

    [Fact]
    public async Task The_lock_of_another_process_counts()
    {
        await using ChildProcess holder = ChildProcess.Start(
            "flock", [_path + ".lock", "-c", "echo held; exec sleep 1000"], new ChildOptions { Name = "flock" });
        await holder.Output.WaitForTextAsync("held", TestContext.Current.CancellationToken);
        Assert.Throws<SocketInUseException>(() => Listen());
        Assert.False(File.Exists(_path));
    }

    [Fact]
    public void A_living_server_that_does_not_know_the_lock_is_left_in_peace()
    {
        using Socket foreign = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        foreign.Bind(new UnixDomainSocketEndPoint(_path));
        foreign.Listen(1);
        Assert.Throws<SocketInUseException>(() => Listen());

        // The probe is the one connection that its backlog has room for beside another; now it is full.
        using Socket client = Connect();
        Assert.Throws<SocketInUseException>(() => Listen());
        Assert.Throws<SocketInUseException>(() => Listen());
        Assert.True(foreign.Poll(0, SelectMode.SelectRead));
        Assert.False(File.Exists(_path + ".lock"));
    }

    [Fact]
    public void What_a_crashed_server_left_behind_is_replaced()
    {
        using (SafeFileHandle crashed = Sockets.Create())
        {
            Assert.True(Sockets.Bind(crashed, _path).IsOk);
            Sockets.Listen(crashed, 1, _path);
            File.WriteAllText(_path + ".lock", "");
        }

        Assert.Throws<SocketException>(() => Connect());
        Listen();
        using Socket client = Connect();
        _rig.TurnUntil(() => _accepted.Count == 1);
    }

    [Fact]
    public void A_file_that_is_no_socket_is_never_removed()
    {
        File.WriteAllText(_path, "precious");
        ErrnoException refused = Assert.Throws<ErrnoException>(() => Listen());
        Assert.Equal((Errno.EEXIST, _path), (refused.Errno, refused.Subject));
        Assert.Equal("precious", File.ReadAllText(_path));

        string link = _directory["link"];
        File.CreateSymbolicLink(link, _path);
        Assert.Throws<ErrnoException>(() => Listen(path: link));
        Assert.Equal("precious", File.ReadAllText(link));
        Assert.Equal(2, Directory.GetFileSystemEntries(_directory.Path).Length);
    }

    [Theory]
    [InlineData("missing/s", Errno.ENOENT)]
    [InlineData("file/s", Errno.ENOTDIR)]
    [InlineData("a-name-that-is-much-longer-than-what-the-address-of-a-unix-socket-can-hold-which-is-only-107-bytes-on-Linux", Errno.ENAMETOOLONG)]
    public void A_path_that_can_not_be_used_is_named(string name, Errno why)
    {
        File.WriteAllText(_directory["file"], "");
        ErrnoException refused = Assert.Throws<ErrnoException>(() => Listen(path: _directory[name]));
        Assert.Equal(why, refused.Errno);
        Assert.Contains(_directory[name], refused.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void Disposing_leaves_nothing_behind_and_the_path_free()
    {
        UnixListener first = Listen();
        Assert.Equal(2, Directory.GetFileSystemEntries(_directory.Path).Length);
        first.Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
        Assert.Throws<SocketException>(() => Connect());
        Listen();
        using Socket client = Connect();
    }

    [Fact]
    public async Task However_many_race_for_a_path_at_most_one_has_it()
    {
        int owners = 0;
        int most = 0;
        int taken = 0;
        Task[] racers = [.. Enumerable.Range(0, 6).Select(_ => Task.Run(
            () =>
            {
                using EventLoop loop = new();
                for (int i = 0; i < 300; i++)
                {
                    try
                    {
                        using UnixListener listener = UnixListener.Bind(loop, _path, 0x180, socket => socket.Dispose());
                        int now = Interlocked.Increment(ref owners);
                        InterlockedMax(ref most, now);
                        Interlocked.Increment(ref taken);
                        Assert.True(File.Exists(_path), "another one removed the winner's socket");
                        Interlocked.Decrement(ref owners);
                    }
                    catch (SocketInUseException)
                    {
                    }
                }
            },
            TestContext.Current.CancellationToken))];
        await Task.WhenAll(racers);
        Assert.True(taken > 0);
        Assert.Equal(1, most);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task A_lock_is_never_on_a_file_that_its_last_holder_removed()
    {
        // The window is between the open and the lock: many tries, nothing else in between.
        int holders = 0;
        int most = 0;
        Task[] racers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(
            () =>
            {
                for (int i = 0; i < 10_000; i++)
                {
                    try
                    {
                        using PathLock held = PathLock.Take(_path);
                        InterlockedMax(ref most, Interlocked.Increment(ref holders));
                        Thread.Yield();
                        Interlocked.Decrement(ref holders);
                    }
                    catch (SocketInUseException)
                    {
                    }
                }
            },
            TestContext.Current.CancellationToken))];
        await Task.WhenAll(racers);
        Assert.Equal(1, most);
    }

    [Fact]
    public void Of_a_crowd_of_connections_a_turn_takes_only_a_part()
    {
        Listen();
        List<Socket> clients = [.. Enumerable.Range(0, 100).Select(_ => Connect())];
        _rig.Loop.RunOnce(TimeSpan.Zero);
        Assert.Equal(64, _accepted.Count);
        _rig.Loop.RunOnce(TimeSpan.Zero);
        Assert.Equal(100, _accepted.Count);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void A_listener_may_be_disposed_while_it_accepts()
    {
        UnixListener? listener = null;
        listener = _rig.Own(UnixListener.Bind(_rig.Loop, _path, 0x180, socket =>
        {
            _accepted.Add(socket);
            listener!.Dispose();
        }));
        using Socket first = Connect();
        using Socket second = Connect();
        _rig.TurnUntil(() => _accepted.Count > 0);
        _rig.AssertSleeps();
        Assert.Single(_accepted);
    }

    [Fact]
    public void An_inherited_socket_is_served_and_its_path_is_not_ours()
    {
        using SafeFileHandle inherited = Sockets.Create();
        Assert.True(Sockets.Bind(inherited, _path).IsOk);
        Sockets.Listen(inherited, 8, _path);
        using (UnixListener listener = UnixListener.FromInherited(_rig.Loop, inherited, _accepted.Add))
        {
            using Socket client = Connect();
            _rig.TurnUntil(() => _accepted.Count == 1);
        }

        Assert.True(File.Exists(_path));
    }

    [Fact]
    public void An_inherited_descriptor_that_does_not_listen_is_refused()
    {
        using SafeFileHandle socket = Sockets.Create();
        Assert.Throws<ErrnoException>(() => UnixListener.FromInherited(_rig.Loop, socket, _accepted.Add));
        using SafeFileHandle file = Sys.Open("/dev/null", Libc.O_RDWR);
        Assert.Throws<ErrnoException>(() => UnixListener.FromInherited(_rig.Loop, file, _accepted.Add));
        _rig.AssertSleeps();
    }

    private UnixListener Listen(int mode = 0x180, string? path = null)
        => _rig.Own(UnixListener.Bind(_rig.Loop, path ?? _path, mode, _accepted.Add));

    private Socket Connect()
    {
        Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            client.Connect(new UnixDomainSocketEndPoint(_path));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }
}
