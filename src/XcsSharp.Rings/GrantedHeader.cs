using System.Runtime.CompilerServices;

namespace XcsSharp.Rings;

/// <summary>
/// The first bytes of a granted control page: who published it, and whether that program still lives
/// (design: transports of a control channel).
/// </summary>
/// <remarks>
/// A guest's program that ends sends dom0 no event, and the next one often gets the same grant reference and port.
/// The nonce tells the two apart; <see cref="Alive"/> is the byte that the guest's kernel clears when the
/// program's pages are unmapped (grant unmap-notify).
/// </remarks>
public sealed unsafe class GrantedHeader
{
    /// <summary>"XCSG", little endian.</summary>
    public const uint ExpectedMagic = 0x47534358;

    /// <summary>The version of this layout.</summary>
    public const uint CurrentVersion = 1;

    public const int MagicOffset = 0;
    public const int VersionOffset = 4;
    public const int NonceOffset = 8;
    public const int AliveOffset = 16;

    private readonly byte* _page;

    internal GrantedHeader(MappedPage page)
    {
        _page = page.Address;
    }

    // SAFETY (all below): constant, aligned offsets inside a page that the owner of this object keeps referenced.
    public uint Magic => Volatile.Read(ref Unsafe.AsRef<uint>(_page + MagicOffset));

    public uint Version => Volatile.Read(ref Unsafe.AsRef<uint>(_page + VersionOffset));

    /// <summary>A random number that the publishing program chose; also the value of its <c>ready</c> key.</summary>
    public ulong Nonce => Volatile.Read(ref Unsafe.AsRef<ulong>(_page + NonceOffset));

    /// <summary>False once the publishing program is gone.</summary>
    public bool Alive => Volatile.Read(ref Unsafe.AsRef<byte>(_page + AliveOffset)) != 0;

    /// <summary>Fills the header; the magic last, so that a page with a magic has all the rest.</summary>
    internal void Write(ulong nonce)
    {
        Volatile.Write(ref Unsafe.AsRef<uint>(_page + VersionOffset), CurrentVersion);
        Volatile.Write(ref Unsafe.AsRef<ulong>(_page + NonceOffset), nonce);
        Volatile.Write(ref Unsafe.AsRef<byte>(_page + AliveOffset), 1);
        Volatile.Write(ref Unsafe.AsRef<uint>(_page + MagicOffset), ExpectedMagic);
    }
}
