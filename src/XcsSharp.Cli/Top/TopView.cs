namespace XcsSharp.Cli.Top;

internal enum TopSort
{
    Rate,
    Name,
    Domid,
    Dropped,
    Throttled,
    Viewers,
}

/// <summary>What of the guests is shown, and in which order: what keys change.</summary>
internal sealed class TopView
{
    private int _first;

    public TopSort Sort { get; set; }

    /// <summary>Only guests with this in their name; empty: all.</summary>
    public string Filter { get; private set; } = "";

    /// <summary>True while keys are letters of <see cref="Filter"/>.</summary>
    public bool IsTyping { get; private set; }

    public bool IsHelp { get; private set; }

    /// <summary>True when it is to end.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The guests that pass, in their order.</summary>
    public IReadOnlyList<GuestTrend> Select(TopHistory history)
    {
        IEnumerable<GuestTrend> passing = history.Guests.Where(
            guest => guest.Figures.Name.Contains(Filter, StringComparison.OrdinalIgnoreCase));
        IOrderedEnumerable<GuestTrend> sorted = Sort switch
        {
            TopSort.Name => passing.OrderBy(static guest => guest.Figures.Name, StringComparer.Ordinal),
            TopSort.Domid => passing.OrderBy(static guest => guest.Figures.Domid),
            TopSort.Dropped => passing.OrderByDescending(static guest => guest.Figures.Dropped),
            TopSort.Throttled => passing.OrderByDescending(static guest => guest.Throttled)
                .ThenByDescending(static guest => guest.Figures.ThrottledMs),
            TopSort.Viewers => passing.OrderByDescending(static guest => guest.Figures.Viewers),

            // What was busy a moment ago stays near the top: otherwise lines would jump with each pause.
            _ => passing.OrderByDescending(static guest => guest.Rate)
                .ThenByDescending(static guest => guest.Rates.DefaultIfEmpty().Max()),
        };
        return [.. sorted.ThenBy(static guest => guest.Figures.Domid)];
    }

    /// <summary>Where the lines that are shown begin; never so far down that lines stay empty.</summary>
    public int FirstOf(int guests, int lines) => _first = Math.Clamp(_first, 0, Math.Max(0, guests - lines));

    /// <param name="key">What was pressed.</param>
    /// <param name="letter">With <see cref="TopKey.Letter"/> which.</param>
    /// <param name="lines">Of the table, for a page.</param>
    public void Press(TopKey key, char letter, int lines)
    {
        if (key == TopKey.Interrupt)
        {
            IsOver = true;
        }
        else if (IsTyping)
        {
            Type(key, letter);
        }
        else if (IsHelp)
        {
            IsHelp = false;
        }
        else
        {
            Obey(key, letter, lines);
        }
    }

    private void Type(TopKey key, char letter)
    {
        switch (key)
        {
            case TopKey.Letter when Filter.Length < 64:
                Filter += letter;
                break;
            case TopKey.Backspace when Filter.Length > 0:
                Filter = Filter[..^1];
                break;
            case TopKey.Escape:
                Filter = "";
                IsTyping = false;
                break;
            case TopKey.Enter:
                IsTyping = false;
                break;
        }
    }

    private void Obey(TopKey key, char letter, int lines)
    {
        switch (key)
        {
            case TopKey.Up:
                _first--;
                break;
            case TopKey.Down:
                _first++;
                break;
            case TopKey.PageUp:
                _first -= lines;
                break;
            case TopKey.PageDown:
                _first += lines;
                break;
            case TopKey.Home:
                _first = 0;
                break;
            case TopKey.End:
                _first = int.MaxValue / 2;
                break;
            case TopKey.Escape:
                Filter = "";
                break;
            case TopKey.Letter:
                Obey(letter);
                break;
        }
    }

    private void Obey(char letter)
    {
        switch (letter)
        {
            case 'q':
                IsOver = true;
                break;
            case 's':
                Sort = Sort == TopSort.Viewers ? TopSort.Rate : Sort + 1;
                _first = 0;
                break;
            case '/':
                IsTyping = true;
                _first = 0;
                break;
            case '?' or 'h':
                IsHelp = true;
                break;
            case 'k':
                _first--;
                break;
            case 'j':
                _first++;
                break;
        }
    }
}
