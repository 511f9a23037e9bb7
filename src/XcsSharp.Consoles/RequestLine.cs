using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

using XcsSharp.Protocol.Operator;

namespace XcsSharp.Consoles;

/// <summary>What a <see cref="RequestLine"/> has found so far.</summary>
public enum LineState
{
    /// <summary>All input was taken; the line feed has not come yet.</summary>
    Incomplete,

    /// <summary>The line is there; what follows it is left in the input.</summary>
    Complete,

    /// <summary>More than <see cref="OperatorProtocol.MaxLine"/> bytes without a line feed.</summary>
    TooLong,
}

/// <summary>Joins the pieces of one line, however a stream socket has cut it.</summary>
/// <remarks>Holds at most <see cref="OperatorProtocol.MaxLine"/> bytes. A mutable struct: keep it in a field, never copy it.</remarks>
public struct RequestLine
{
    private LineBytes _bytes;
    private int _length;

    /// <summary>Takes bytes off the front of <paramref name="input"/> up to and with the line feed.</summary>
    public LineState Take(ref ReadOnlySpan<byte> input)
    {
        int lineFeed = input.IndexOf((byte)'\n');
        ReadOnlySpan<byte> piece = lineFeed < 0 ? input : input[..lineFeed];

        // One byte more than a line may have: the carriage return that is tolerated at its end.
        if (piece.Length > OperatorProtocol.MaxLine + 1 - _length)
        {
            return LineState.TooLong;
        }

        piece.CopyTo(((Span<byte>)_bytes)[_length..]);
        _length += piece.Length;
        input = lineFeed < 0 ? [] : input[(lineFeed + 1)..];
        if (_length > 0 && lineFeed >= 0 && _bytes[_length - 1] == (byte)'\r')
        {
            _length--;
        }

        if (_length > OperatorProtocol.MaxLine && (lineFeed >= 0 || _bytes[_length - 1] != (byte)'\r'))
        {
            return LineState.TooLong;
        }

        return lineFeed < 0 ? LineState.Incomplete : LineState.Complete;
    }

    /// <summary>The line without its end, once it is complete.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Text => ((ReadOnlySpan<byte>)_bytes)[.._length];

    [InlineArray(OperatorProtocol.MaxLine + 1)]
    private struct LineBytes
    {
        private byte _first;
    }
}
