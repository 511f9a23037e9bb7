namespace XcsSharp.Consoles;

/// <summary>The bytes of one document, which count until the last who gets it has all of it or is gone.</summary>
internal sealed class HeldDocument
{
    private readonly DocumentBudget _budget;
    private readonly uint _uid;
    private int _holders;

    /// <param name="budget">Where they count.</param>
    /// <param name="uid">For whom.</param>
    /// <param name="bytes">The whole reply.</param>
    /// <param name="holders">How many get it; each lets it go once.</param>
    internal HeldDocument(DocumentBudget budget, uint uid, byte[] bytes, int holders)
    {
        _budget = budget;
        _uid = uid;
        _holders = holders;
        Bytes = bytes;
        budget.Take(uid, bytes.Length);
    }

    internal byte[] Bytes { get; }

    internal void LetGo()
    {
        if (--_holders == 0)
        {
            _budget.GiveBack(_uid, Bytes.Length);
        }
    }
}
