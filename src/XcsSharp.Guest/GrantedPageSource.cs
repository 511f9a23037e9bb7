using System.Globalization;

using XcsSharp.Interop;
using XcsSharp.Interop.Xen;
using XcsSharp.Reactor;
using XcsSharp.Rings;

namespace XcsSharp.Guest;

/// <summary>
/// A page granted to dom0, with a header that says whose it is, and its xenstore keys.
/// </summary>
/// <remarks>
/// Grant references and ports are used again at once by the next program, so the keys are only to be believed with the nonce
/// that is both in the page and in <c>ready</c>. Hence the order: <c>ready</c> goes first and comes last. A program that
/// is killed cannot do even that: its kernel clears the header's liveness byte.
/// </remarks>
internal sealed class GrantedPageSource : IControlPageSource
{
    private const string Keys = "data/xcs/";
    private const string ReadyKey = Keys + "ready";
    private const uint Controller = 0;

    private readonly XenStoreConnection _store;
    private readonly GrantShare _grants;
    private readonly uint _reference;
    private readonly ulong _nonce = NewNonce();
    private bool _published;

    /// <param name="ports">The device that the port is opened on.</param>
    /// <param name="store">Outlives the source.</param>
    public GrantedPageSource(EventChannels ports, XenStoreConnection store)
    {
        _store = store;
        Port = (uint)ports.BindUnbound(Controller).OrThrow("xenevtchn_bind_unbound_port");
        _grants = GrantShare.Open();
        Errno failed = _grants.SharePage(
            Controller, GrantedHeader.AliveOffset, notifyPort: Port, out _reference, out nint address);
        if (failed != Errno.OK)
        {
            _grants.Dispose();
            throw new ErrnoException("xengntshr_share_page_notify", failed, "the control page");
        }

        Page = new GuestPage(new SharedPage(_grants, address));
        Page.WriteHeader(_nonce);
    }

    public uint Port { get; }

    public GuestPage Page { get; }

    public void Publish()
    {
        // What a predecessor left would be believed with our values beside it.
        _ = _store.Remove(ReadyKey);
        Write("version", GrantedHeader.CurrentVersion);
        Write("ring-ref", _reference);
        Write("event-channel", Port);
        _published = true;
        Write("ready", _nonce);
    }

    public void Dispose()
    {
        if (_published)
        {
            // Fails when the domain is being destroyed; then its keys go anyway.
            _ = _store.Remove(ReadyKey);
        }

        Page.Dispose();
        _grants.Dispose();
    }

    private static ulong NewNonce()
    {
        ulong nonce = RandomNumber.Next();
        return nonce != 0 ? nonce : 1;
    }

    private void Write(string key, ulong value)
    {
        Errno failed = _store.Write(Keys + key, value.ToString(CultureInfo.InvariantCulture));
        if (failed != Errno.OK)
        {
            throw new ErrnoException("xs_write", failed, Keys + key);
        }
    }

    private sealed class SharedPage : MappedPage
    {
        private readonly GrantShare _grants;

        public SharedPage(GrantShare grants, nint address)
        {
            _grants = grants;
            SetHandle(address);
        }

        protected override bool ReleaseHandle() => _grants.Unshare(handle).IsOk;
    }
}
