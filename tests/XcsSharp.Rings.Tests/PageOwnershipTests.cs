using Xunit;

namespace XcsSharp.Rings.Tests;

/// <summary>Who has a page ends its mapping: once, and not before it is disposed.</summary>
public sealed class PageOwnershipTests
{
    public static TheoryData<string> Owners => [nameof(ControllerPage), nameof(GuestPage), nameof(ConsoleRing), nameof(GuestConsoleRing)];

    [Theory]
    [MemberData(nameof(Owners))]
    public void A_page_is_unmapped_once_however_often_its_owner_is_disposed(string owner)
    {
        using AnonymousPage memory = new();
        CountingPage page = new(memory);
        IDisposable rings = owner switch
        {
            nameof(ControllerPage) => new ControllerPage(page),
            nameof(GuestPage) => new GuestPage(page),
            nameof(ConsoleRing) => new ConsoleRing(page),
            _ => new GuestConsoleRing(page),
        };
        Assert.Equal((false, 0), (page.IsInvalid, page.Releases));

        rings.Dispose();
        rings.Dispose();
        Assert.Equal((true, 1), (page.IsClosed, page.Releases));
    }

    [Fact]
    public void Memory_of_a_page_is_zeroed_whoever_had_it_before()
    {
        AnonymousPage[] pages = [.. Enumerable.Range(0, 64).Select(static _ => new AnonymousPage())];
        foreach (AnonymousPage page in pages)
        {
            page.Bytes.Fill(0xee);
            page.Dispose();
        }

        foreach (AnonymousPage page in Enumerable.Range(0, pages.Length).Select(static _ => new AnonymousPage()))
        {
            Assert.Equal(-1, page.Bytes.IndexOfAnyExcept((byte)0));
            page.Dispose();
        }
    }

    [Fact]
    public void Memory_of_a_page_that_was_disposed_is_used_again()
    {
        const int Pages = 100_000;
        long before = Environment.WorkingSet;
        for (int i = 0; i < Pages; i++)
        {
            new AnonymousPage().Dispose();
        }

        Assert.InRange(Environment.WorkingSet - before, long.MinValue, (long)Pages * MappedPage.Size / 2);
    }

    /// <summary>A view of somebody else's memory that counts how often it is given back.</summary>
    private sealed class CountingPage : MappedPage
    {
        public CountingPage(MappedPage memory) => SetHandle(memory.DangerousGetHandle());

        public int Releases { get; private set; }

        protected override bool ReleaseHandle()
        {
            Releases++;
            return true;
        }
    }
}
