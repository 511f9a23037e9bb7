namespace XcsSharp.Switching;

/// <summary>How far a session's client is behind, and what went through it.</summary>
/// <param name="Number">Counts the sessions of this daemon, from 1.</param>
/// <param name="Pid">Of the process that connected.</param>
/// <param name="Queued">Records that the client has not taken.</param>
/// <param name="Unanswered">Requests that it was given and has not answered, those that somebody else has answered included.</param>
/// <param name="RecordsOut">Messages and news queued for it so far.</param>
/// <param name="RecordsIn">Records taken from it.</param>
public readonly record struct SessionFigures(ulong Number, int Pid, int Queued, int Unanswered, ulong RecordsOut, ulong RecordsIn);
