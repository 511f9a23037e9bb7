using System.Globalization;
using System.Runtime.InteropServices;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Protocol;
using XcsSharp.Rings;

namespace XcsSharp.Chaos.Troubles;

/// <summary>
/// A guest that publishes control pages and writes into them what no program would. Half of its lives have the page of 2005, the others
/// grant one, withdraw it, publish it again, lose its grant, and write keys of every kind beside it.
/// </summary>
internal sealed class LyingChannels(Bed bed, Random random, string name) : LyingGuest(bed, random, name)
{
    private const ulong SharedInfo = 0x1001; // simxen.h
    private const uint ClassicPort = 1;

    private MappedPage? _classic;
    private GrantShare? _grants;
    private nint _page;
    private uint _port;
    private uint _reference;

    public override string Name => "lying-channels";

    protected override async Task ActAsync(CancellationToken cancel)
    {
        if (Domain is null || Random.Next(40) == 0)
        {
            await BeginLifeAsync(cancel);
            return;
        }

        if (_classic is null && Random.Next(5) == 0)
        {
            await PublishOrWithdrawAsync(cancel);
        }
        else if (Random.Next(6) == 0)
        {
            WriteKey();
        }
        else if (_page != 0)
        {
            Scribble();
        }
    }

    protected override void Unmap()
    {
        _page = 0;
        _classic?.Dispose();
        _classic = null;
        _grants?.Dispose();
        _grants = null;
    }

    private async Task BeginLifeAsync(CancellationToken cancel)
    {
        bool classic = Random.Next(2) == 0;
        await BeginLifeAsync(classic, console: false, cancel);
        if (classic)
        {
            _ = Domain!.Events.Claim(ClassicPort);
            _port = ClassicPort;
            _classic = Bed.Kernels.MapPage(Domain.Domid, SharedInfo);
            _page = _classic.DangerousGetHandle();
        }

        Note(classic ? "a life with the page of 2005" : "a life that grants");
    }

    private async Task PublishOrWithdrawAsync(CancellationToken cancel)
    {
        if (_grants is not null)
        {
            switch (Random.Next(3))
            {
                case 0:
                    _ = await Bed.CommandAsync(cancel, "fault", "revoke", $"{Domain!.Domid}", $"{_reference}");
                    Note("its grant revoked under the daemon");
                    return;
                case 1:
                    _ = Domain!.Store.Remove("data/xcs/ready");
                    break;
            }

            _page = 0;
            _grants.Dispose();
            _grants = null;
            Note("withdrawn");
            return;
        }

        if (Domain!.Events.BindUnbound(0) is not { IsOk: true } bound)
        {
            return;
        }

        _port = (uint)bound.Value;
        _grants = Bed.Machine.As(Domain.Domid, GrantShare.Open);
        if (_grants.SharePage(0, GrantedHeader.AliveOffset, _port, out _reference, out _page) != Errno.OK)
        {
            _page = 0;
            return;
        }

        long nonce = Random.Next(4) == 0 ? 7 : Random.NextInt64();
        Marshal.WriteInt32(_page, GrantedHeader.MagicOffset, Random.Next(20) == 0 ? 1 : (int)GrantedHeader.ExpectedMagic);
        Marshal.WriteInt32(_page, GrantedHeader.VersionOffset, (int)GrantedHeader.CurrentVersion);
        Marshal.WriteInt64(_page, GrantedHeader.NonceOffset, nonce);
        Marshal.WriteByte(_page, GrantedHeader.AliveOffset, 1);
        Publish("version", 1);
        Publish("ring-ref", _reference);
        Publish("event-channel", _port);
        Publish("ready", nonce);
        Note("published");
    }

    private void Publish(string key, long value)
        => _ = Domain!.Store.Write($"data/xcs/{key}", value.ToString(CultureInfo.InvariantCulture));

    private void WriteKey()
    {
        string key = OneOf("version", "ring-ref", "event-channel", "ready");
        string value = OneOf(
            "", "0", "-1", "1", "18446744073709551616", "0x10", " 7", "7 ", "4294967295", new string('9', 2000), "\u001b]0;x\u0007", "\n", "ä",
            Convert.ToBase64String(Bytes(40)));
        _ = Domain!.Store.Write($"data/xcs/{key}", value);
        _ = Domain.Store.Write(OneOf("data/xcs", "device", "device/console/1/state", "device/console/1/ring-ref", "data/" + new string('k', 60)), value);
        Note("a key");
    }

    private void Scribble()
    {
        int direction = OneOf(ControlPageLayout.Transmit, ControlPageLayout.Receive);
        switch (Random.Next(6))
        {
            case 0:
                int index = OneOf(ControlPageLayout.RequestProducer, ControlPageLayout.ResponseProducer);
                Marshal.WriteInt32(_page, direction + index, OneOf(0, -1, 9, int.MinValue, Random.Next(100)));
                Note("an index");
                break;
            case 1:
                WriteNoise(_page);
                break;
            case 2:
                NotifyForNothing(_port);
                return;
            default:
                Ask();
                break;
        }

        _ = Domain!.Events.Notify(_port);
    }

    /// <summary>As many requests of any type and length as fit, which is what a living channel takes.</summary>
    private void Ask()
    {
        int tx = ControlPageLayout.Transmit;
        uint answered = (uint)Marshal.ReadInt32(_page, tx + ControlPageLayout.ResponseProducer);
        uint asked = (uint)Marshal.ReadInt32(_page, tx + ControlPageLayout.RequestProducer);
        for (; asked - answered < ProtocolLimits.RingSlots; asked++)
        {
            byte[] message = new byte[ProtocolLimits.ControlMessageSize];
            Random.NextBytes(message);
            int slot = (int)(asked % ProtocolLimits.RingSlots) * ProtocolLimits.ControlMessageSize;
            Marshal.Copy(message, 0, _page + tx + ControlPageLayout.Slots + slot, message.Length);
        }

        Marshal.WriteInt32(_page, tx + ControlPageLayout.RequestProducer, (int)asked);
        Note("requests");
    }
}
