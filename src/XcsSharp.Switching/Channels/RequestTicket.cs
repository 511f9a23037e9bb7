namespace XcsSharp.Switching;

/// <summary>Names one request of one channel: numbered in the order in which they were taken, from 1.</summary>
public readonly record struct RequestTicket(ulong Value);
