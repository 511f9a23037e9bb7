using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace XcsSharp.Consoles;

/// <summary>Looks accounts up, wherever the system keeps them.</summary>
public interface IAccounts
{
    /// <summary>Null when there is no such user.</summary>
    uint? FindUser(string name);

    /// <summary>Null when there is no such group.</summary>
    uint? FindGroup(string name);
}

/// <summary>
/// The policy as it is written down: <c>{"rules": [{"group": "ops", "domains": ["web*"], "right": "write"}]}</c>. A rule has a <c>user</c> or a
/// <c>group</c>, by name or number, <c>domains</c> (all, when it is left out) and a <c>right</c>: view, write or admin. Comments and trailing commas are fine.
/// </summary>
public static class AccessFile
{
    /// <summary>A policy is read by people; one that is larger than this is something else.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Checks and takes over all of it, or says what is wrong.</summary>
    /// <exception cref="FormatException">What, where, and how to mend it; one line for each fault.</exception>
    public static AccessPolicy Parse(ReadOnlySpan<byte> text, IAccounts accounts, uint self)
    {
        AccessDocument? document;
        try
        {
            document = JsonSerializer.Deserialize(text, AccessJson.Default.AccessDocument);
        }
        catch (JsonException wrong)
        {
            throw new FormatException(
                $"line {wrong.LineNumber + 1}: {wrong.Message.Split(" Path:")[0]} A policy is {{\"rules\": [{{\"group\": \"ops\", \"domains\": [\"web*\"], \"right\": \"write\"}}]}}.",
                wrong);
        }

        if (document?.Rules is not { } written)
        {
            throw new FormatException("there is no list named \"rules\"; an empty one lets in nobody but root.");
        }

        List<string> faults = [];
        List<AccessRule> rules = [];
        for (int i = 0; i < written.Count; i++)
        {
            if (Read(written[i], accounts, fault => faults.Add($"rule {i + 1}: {fault}")) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return faults.Count == 0 ? new AccessPolicy(rules, self) : throw new FormatException(string.Join('\n', faults));
    }

    private static AccessRule? Read(AccessEntry? entry, IAccounts accounts, Action<string> say)
    {
        if (entry is null)
        {
            say("it is empty; remove it.");
            return null;
        }

        Right right = entry.Right switch { "view" => Right.View, "write" => Right.Write, "admin" => Right.Admin, _ => Right.None };
        if (right == Right.None)
        {
            say($"its right is {Quoted(entry.Right)}; give view, write or admin.");
        }

        if ((entry.User is null) == (entry.Group is null))
        {
            say("give it a user or a group, and not both.");
            return null;
        }

        uint? user = entry.User is null ? null : Number(entry.User) ?? accounts.FindUser(entry.User);
        uint? group = entry.Group is null ? null : Number(entry.Group) ?? accounts.FindGroup(entry.Group);
        if (user is null && group is null)
        {
            say($"there is no {(entry.User is null ? "group" : "user")} {Quoted(entry.User ?? entry.Group)}; give one that exists, or its number.");
        }

        IReadOnlyList<string> domains = entry.Domains ?? ["*"];
        if (domains.Count == 0 || domains.Any(string.IsNullOrEmpty))
        {
            say("its domains are empty; give names or patterns such as \"web*\", or leave them out for all.");
        }

        return right != Right.None && (user ?? group) is not null ? new AccessRule(user, group, domains, right) : null;
    }

    private static uint? Number(string text)
        => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : null;

    private static string Quoted(string? text) => text is null ? "missing" : $"'{text}'";
}

internal sealed record AccessDocument(IReadOnlyList<AccessEntry?>? Rules);

internal sealed record AccessEntry(string? User, string? Group, IReadOnlyList<string>? Domains, string? Right);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(AccessDocument))]
internal sealed partial class AccessJson : JsonSerializerContext;
