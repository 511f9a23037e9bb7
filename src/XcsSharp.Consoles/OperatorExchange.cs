using Microsoft.Win32.SafeHandles;

using XcsSharp.Switching;

namespace XcsSharp.Consoles;

/// <summary>The request of one operator that a handler answers; knows its connection until it is over.</summary>
internal sealed class OperatorExchange(OperatorConnection connection, string arguments) : IOperatorExchange
{
    public string Arguments { get; } = arguments;

    public bool IsOver { get; private set; }

    public Action? Left { get; set; }

    public GuestDomain? FindDomain(string target) => IsOver ? null : connection.FindDomain(target);

    public bool RequireAll() => !IsOver && connection.RequireAll();

    public SafeFileHandle? Detach()
    {
        if (IsOver)
        {
            return null;
        }

        IsOver = true;
        return connection.Detach();
    }

    public void Accept(GuestDomain domain, string more = "")
    {
        if (!IsOver)
        {
            connection.Accept(domain, more);
        }
    }

    public void Refuse(string code, string sentence)
    {
        if (!IsOver)
        {
            connection.Refuse(code, OperatorConnection.Printable(sentence));
        }
    }

    /// <summary>The connection has its answer.</summary>
    internal void End()
    {
        IsOver = true;
        Left = null;
    }

    /// <summary>The connection is gone.</summary>
    internal void Leave()
    {
        if (!IsOver)
        {
            IsOver = true;
            Action? left = Left;
            Left = null;
            left?.Invoke();
        }
    }
}
