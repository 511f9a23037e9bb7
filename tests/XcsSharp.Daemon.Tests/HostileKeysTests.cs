using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol.Operator;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// A guest writes what it likes where it may write, and tries where it may not: it is refused, which the log says in harmless words, and
/// nothing of the others, or of the store that is not its own, is another than before.
/// </summary>
public sealed class HostileKeysTests
{
    private const string Escapes = "\u001b]0;owned\a\u001b[2J\u009b31m";
    private const string ForgedLine = "7\n<0>Oct 21 xcsd[1]: guest web (1): all is well";

    /// <summary>Each is written to the key ready, where a nonce belongs.</summary>
    private static readonly string[] s_lies =
    [
        "", " ", "-1", "0", "0x10", "1e3", "18446744073709551616", "../../0/name", "%n%n%s", Escapes, ForgedLine, "\u202e\ufeff9", new('9', 3000),
    ];

    [Fact]
    public async Task Lies_in_every_key_of_its_own_cost_a_guest_its_channel_and_nobody_anything_else()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint _) = await lab.ConsoleGuestAsync("web");
        (ChildProcess holder, uint domid) = await lab.Machine.CreateAsync(new GuestOptions("evil"), console: true, Lab.Cancel);
        _ = lab.Own(holder);
        DomainEntry honest = await lab.ConnectedAsync("web");
        await lab.Daemon.Process.Error.WaitForTextAsync("Console 0 of evil", Lab.Cancel);
        using XenStoreConnection guest = lab.Machine.As(domid, XenStoreConnection.Open);
        using XenStoreConnection dom0 = lab.Machine.As(0, XenStoreConnection.Open);
        string home = $"/local/domain/{domid}";
        string page = home + "/data/xcs";
        SortedDictionary<string, string> before = All(dom0, except: home);

        for (int i = 0; i < s_lies.Length; i++)
        {
            Assert.Equal(Errno.OK, guest.Write(page + "/ready", s_lies[i]));
            await RefusedAsync(lab, i + 1, $"lie {i}");
        }

        // Each key in its turn is the one that is wrong.
        int refused = s_lies.Length;
        foreach (string key in (string[])["version", "ring-ref", "event-channel"])
        {
            Publish(guest, page, key, Escapes + ForgedLine);
            await RefusedAsync(lab, ++refused, key);
        }

        Assert.Contains("its key event-channel is", (await lab.ListAsync()).Domains.Single(static domain => domain.Name == "evil").Problem, StringComparison.Ordinal);
        string log = lab.Daemon.Log;
        Assert.Contains($"evil ({domid})", log, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', log);
        Assert.DoesNotContain('\u009b', log);
        Assert.DoesNotContain('\u202e', log);
        Assert.DoesNotContain(log.Split('\n'), static line => line.StartsWith("<0>", StringComparison.Ordinal));
        Assert.DoesNotContain(log.Split('\n'), static line => line.Length > 1000);

        DomainList listed = await lab.ListAsync();
        Assert.Equal(honest.Domid, listed.Domains.Single(static domain => domain.Name == "web").Domid);
        DomainEntry liar = listed.Domains.Single(static domain => domain.Name == "evil");
        Assert.DoesNotContain(liar.Consoles ?? [], static console => console.Number == -1);
        Assert.Equal(before, All(dom0, except: home));
        await CheckServedAsync(lab, web);
    }

    /// <summary>xenstored's own rights, which the daemon stands on: were they other, this fails before an operator is surprised.</summary>
    [Fact]
    public async Task What_is_not_its_own_it_can_not_write()
    {
        await using Lab lab = await Lab.StartAsync();
        (GuestProgram web, uint other) = await lab.ConsoleGuestAsync("web");
        (ChildProcess holder, uint domid) = await lab.Machine.CreateAsync(new GuestOptions("evil"), console: true, Lab.Cancel);
        _ = lab.Own(holder);

        // The daemon has written what it writes of it.
        await lab.Daemon.Process.Error.WaitForTextAsync("Console 0 of evil", Lab.Cancel);
        using XenStoreConnection guest = lab.Machine.As(domid, XenStoreConnection.Open);
        using XenStoreConnection dom0 = lab.Machine.As(0, XenStoreConnection.Open);
        SortedDictionary<string, string> before = All(dom0, except: "/none");
        foreach (string path in (string[])
            [
                $"/local/domain/{domid}/name", $"/local/domain/{domid}/console/ring-ref", $"/local/domain/{domid}/console/port",
                $"/local/domain/{domid}/console/tty", $"/local/domain/{other}/name", $"/local/domain/{other}/data/xcs/ready",
                $"/local/domain/{other}/console/tty", "/xcs/classic/1", "/tool/xcs", "/local/domain/0/backend/console",
            ])
        {
            Assert.Equal((path, Errno.EACCES), (path, guest.Write(path, "1")));
        }

        Assert.Equal(before, All(dom0, except: "/none"));
        await CheckServedAsync(lab, web);
    }

    /// <summary>All keys are right but one; ready comes last.</summary>
    private static void Publish(XenStoreConnection guest, string page, string wrong, string lie)
    {
        _ = guest.Remove(page + "/ready");
        foreach ((string key, string value) in ((string, string)[])[("version", "1"), ("ring-ref", "8"), ("event-channel", "1")])
        {
            Assert.Equal(Errno.OK, guest.Write($"{page}/{key}", key == wrong ? lie : value));
        }

        Assert.Equal(Errno.OK, guest.Write(page + "/ready", $"{1000 + wrong.Length}"));
    }

    private static async Task RefusedAsync(Lab lab, int times, string lie)
        => await OperatorQuery.WaitForListAsync(
            lab.Places.Console,
            list => list.Domains.Any(domain => domain.Name == "evil" && domain.Refusals == (ulong)times),
            $"the refusal of {lie}",
            Lab.Cancel);

    private static async Task CheckServedAsync(Lab lab, GuestProgram guest)
    {
        Transcript shown = new("viewer");
        await lab.AttachAsync(guest.Name, shown.Append);
        await guest.WriteAsync("still here\n", Lab.Cancel);
        await shown.WaitForTextAsync("still here", Lab.Cancel);
    }

    private static SortedDictionary<string, string> All(XenStoreConnection store, string except)
    {
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        Stack<string> left = new(["/"]);
        while (left.TryPop(out string? path))
        {
            if (path == except || store.List(path, out string[] names) != Errno.OK)
            {
                continue;
            }

            all[path] = store.Read(path, out string? value) == Errno.OK ? value ?? "" : "";
            foreach (string name in names)
            {
                left.Push(path == "/" ? "/" + name : $"{path}/{name}");
            }
        }

        return all;
    }
}
