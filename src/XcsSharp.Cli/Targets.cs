using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Globalization;

using XcsSharp.Client;
using XcsSharp.Protocol.Operator;

namespace XcsSharp.Cli;

/// <summary>The arguments that name a domain or a console: what is refused before the daemon is asked, and what a shell completes them to.</summary>
internal sealed class Targets(Dialogue dialogue)
{
    /// <summary>Numbers from here on are Xen's own, which is no guest; its log is a console all the same.</summary>
    private const uint FirstReserved = 0x7ff0;

    /// <summary>Who presses Tab does not wait for a daemon that hangs.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>A domain that must be given.</summary>
    public Argument<string> Domain() => Checked(new Argument<string>("DOMAIN") { Description = "A domid or a name" }, DomainsOf);

    /// <summary>A console that must be given.</summary>
    /// <param name="description">What is special about it here.</param>
    public Argument<string> Console(string description)
        => Checked(new Argument<string>("DOMAIN") { Description = description }, ConsolesOf);

    /// <summary>A console that may be left out.</summary>
    public Argument<string?> AnyConsole(string description)
        => Checked(new Argument<string?>("DOMAIN") { Description = description, Arity = ArgumentArity.ZeroOrOne }, ConsolesOf);

    /// <summary>The domains that there are now, for an option.</summary>
    public IEnumerable<string> Domains(CompletionContext context) => Complete(context, DomainsOf);

    /// <summary>A whole number, or an error that says which ones there are.</summary>
    /// <param name="result">What was given.</param>
    /// <param name="subject">Whose value it is, as the operator writes it.</param>
    /// <param name="least">The smallest that makes sense.</param>
    /// <param name="most">The largest.</param>
    /// <param name="wanted">Completes the sentence "give …".</param>
    public static long? Number(ArgumentResult result, string subject, long least, long most, string wanted)
    {
        string text = result.Tokens is [{ Value: string given }] ? given : "";
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            && number >= least && number <= most)
        {
            return number;
        }

        result.AddError($"{subject} {text}: give {wanted}");
        return null;
    }

    private Argument<T> Checked<T>(Argument<T> argument, Func<DomainEntry, IEnumerable<string>> names)
    {
        argument.Validators.Add(RefuseNoName);
        argument.CompletionSources.Add(context => Complete(context, names));
        return argument;
    }

    private static void RefuseNoName(ArgumentResult result)
    {
        if (result.Tokens is not [{ Value: string name }])
        {
            return;
        }

        if (string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl))
        {
            result.AddError("DOMAIN is empty or not one line: give a domid or a name (see: xcsctl list)");
        }
        else if (name[0] == '-')
        {
            // The parser takes an option that it does not know for an argument, if there is room for one.
            result.AddError($"{name} is no option of this command; give a domain that is called so by its domid (see: xcsctl list)");
        }
    }

    private static IEnumerable<string> DomainsOf(DomainEntry domain) => domain.Domid < FirstReserved ? [domain.Name] : [];

    private static IEnumerable<string> ConsolesOf(DomainEntry domain)
        => domain.Consoles is { Count: > 0 } consoles ? consoles.Select(static console => console.Name) : [domain.Name];

    /// <summary>What cannot be asked for is not completed: the shell shows nothing, and the command itself will say why.</summary>
    private IEnumerable<string> Complete(CompletionContext context, Func<DomainEntry, IEnumerable<string>> names)
    {
        try
        {
            using CancellationTokenSource late = new(s_patience);
            DomainList list = ConsoleConnection.ListAsync(dialogue.SocketOf(context.ParseResult), late.Token).GetAwaiter().GetResult();
            return [.. list.Domains.SelectMany(names).Where(static name => !name.Any(char.IsControl)).Distinct()];
        }
        catch (Exception failure) when (failure is XcsException or OperationCanceledException or InvalidOperationException)
        {
            // The last one: the line has an error before the place of the cursor.
            return [];
        }
    }
}
