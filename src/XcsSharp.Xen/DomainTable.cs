using XcsSharp.Interop.Xen;

namespace XcsSharp.Xen;

/// <summary>The living guests, by domid, and the lives that were counted.</summary>
internal sealed class DomainTable
{
    private readonly Dictionary<uint, XenDomain> _byDomid = [];
    private List<XenDomain> _sorted = [];
    private List<XenDomain> _spare = [];
    private ulong _lives;

    /// <summary>Ascending by domid.</summary>
    public IReadOnlyList<XenDomain> Living => _sorted;

    public XenDomain? Find(uint domid) => _byDomid.GetValueOrDefault(domid);

    /// <summary>
    /// Brings the table up to date with a list of Xen's, in one pass over both. A domain that is dying counts as gone,
    /// and one with another uuid as gone and new.
    /// </summary>
    /// <param name="listed">Ascending by domid; dom0 is passed over.</param>
    /// <param name="gone">Gets the lives that ended.</param>
    /// <param name="appeared">Gets the new lives, without names yet.</param>
    public void Merge(ReadOnlySpan<DomainListing> listed, List<XenDomain> gone, List<XenDomain> appeared)
    {
        List<XenDomain> next = _spare;
        next.Clear();
        int known = 0;
        foreach (ref readonly DomainListing info in listed)
        {
            if (info.Domid == 0 || info.IsDying)
            {
                continue;
            }

            while (known < _sorted.Count && _sorted[known].Domid < info.Domid)
            {
                gone.Add(_sorted[known++]);
            }

            if (known < _sorted.Count && _sorted[known].Domid == info.Domid)
            {
                XenDomain same = _sorted[known++];
                if (same.Uuid == info.Uuid)
                {
                    next.Add(same);
                    continue;
                }

                gone.Add(same);
            }

            var domain = new XenDomain(info.Domid, info.Uuid, ++_lives, GuestText.DomainName(null, info.Domid));
            appeared.Add(domain);
            next.Add(domain);
        }

        while (known < _sorted.Count)
        {
            gone.Add(_sorted[known++]);
        }

        foreach (XenDomain ended in gone)
        {
            ended.IsGone = true;
            _byDomid.Remove(ended.Domid);
        }

        foreach (XenDomain domain in appeared)
        {
            _byDomid[domain.Domid] = domain;
        }

        (_sorted, _spare) = (next, _sorted);
    }
}
