using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>
/// The completions of the package, in the shells themselves, each with the file in the place and under the name by which the shell finds it: commands, options,
/// and the domains of a running daemon.
/// </summary>
public sealed class CompletionTests
{
    private const string BashCompletion = "/usr/share/bash-completion/bash_completion";

    private static readonly string s_files = Path.Combine(Repository.Root, "systemd", "completions");

    /// <summary>What is begun, and what one Tab makes of it. A line that ends as it began could go on in several ways.</summary>
    private static readonly (string Begun, string Completed)[] s_lines =
    [
        ("xcsctl doc", "xcsctl doctor "),
        ("xcsctl log --ta", "xcsctl log --tail "),
        ("xcsctl console we", "xcsctl console web "),
        ("xcsctl console --read-only d", "xcsctl console --read-only db "),
        ("xcsctl shutdown we", "xcsctl shutdown web "),
        ("xcsctl dump --domain d", "xcsctl dump --domain db "),
        ("xcsctl dump --type vi", "xcsctl dump --type virq "),
        ("xcsctl log nobo", "xcsctl log nobo"),
        ("true; xcsctl who we", "true; xcsctl who web "),
    ];

    [Fact]
    public async Task Bash_completes_commands_options_and_domains()
    {
        Assert.SkipUnless(File.Exists(BashCompletion), $"{BashCompletion} is missing (package bash-completion)");
        await using Lab lab = await StartAsync();
        using PrivateDirectory home = Install("xcsctl.bash", "completions/xcsctl");
        await File.WriteAllTextAsync(
            home["rc"],
            $$"""
            PATH={{Executables.Directory}}:$PATH
            BASH_COMPLETION_USER_DIR={{home.Path}}
            bind 'set show-all-if-ambiguous on'
            bind 'set enable-bracketed-paste off'
            bind -x '"\C-t": printf "LINE=<%s>\n" "$READLINE_LINE"'
            . {{BashCompletion}}
            PS1='ready> '
            """,
            Lab.Cancel);
        await TypeAsync(lab, home, "bash", "--rcfile", home["rc"], "--noprofile", "-i");
    }

    [Fact]
    public async Task Zsh_completes_commands_options_and_domains()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/zsh"), "/usr/bin/zsh is missing (package zsh)");
        await using Lab lab = await StartAsync();
        using PrivateDirectory home = Install("_xcsctl", "vendor-completions/_xcsctl");
        await File.WriteAllTextAsync(
            home[".zshrc"],
            $$"""
            PATH={{Executables.Directory}}:$PATH
            fpath=({{home["vendor-completions"]}} $fpath)
            unset zle_bracketed_paste
            LISTMAX=0
            autoload -Uz compinit && compinit -u -d {{home["dump"]}}
            show() { zle -I; print -r -- "LINE=<$BUFFER>" }
            zle -N show
            bindkey -e
            bindkey '^T' show
            PS1='ready> '
            """,
            Lab.Cancel);
        await TypeAsync(lab, home, "zsh", "-d", "-i");
    }

    [Fact]
    public async Task Fish_completes_commands_options_and_domains()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/fish"), "/usr/bin/fish is missing (package fish)");
        await using Lab lab = await StartAsync();
        using PrivateDirectory home = Install("xcsctl.fish", "fish/vendor_completions.d/xcsctl.fish");
        ChildOptions options = new()
        {
            Environment = new Dictionary<string, string>
            {
                ["PATH"] = $"{Executables.Directory}:{Environment.GetEnvironmentVariable("PATH")}",
                ["HOME"] = home.Path,
                ["XDG_DATA_DIRS"] = $"{home.Path}:/usr/share",
                ["XCS_CONSOLE_SOCKET"] = lab.Places.Console,
            },
        };
        foreach ((string begun, string completed) in s_lines)
        {
            ChildResult result = await ChildProcess.RunAsync("fish", ["-c", "complete -C $argv[1]", begun], Lab.Cancel, options);
            string word = begun == completed ? "" : completed.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1] + "\n";
            Assert.Equal((begun, 0, word, ""), (begun, result.ExitCode, result.Output, result.Error));
        }

        ChildResult several = await ChildProcess.RunAsync("fish", ["-c", "complete -C 'xcsctl conso'"], Lab.Cancel, options);
        Assert.Equal("console\nconsole-add\nconsole-del\n", several.Output);
        ChildResult file = await ChildProcess.RunAsync("fish", ["-c", $"complete -C 'xcsctl dump --read {home["fish/ven"]}'"], Lab.Cancel, options);
        Assert.Equal(home["fish/vendor_completions.d/"] + "\n", file.Output);
    }

    private static async Task<Lab> StartAsync()
    {
        Lab lab = await Lab.StartAsync();
        await lab.ConsoleGuestAsync("web");
        await lab.ConsoleGuestAsync("db");
        return lab;
    }

    private static PrivateDirectory Install(string file, string name)
    {
        PrivateDirectory home = new("h");
        Directory.CreateDirectory(Path.GetDirectoryName(home[name])!);
        File.Copy(Path.Combine(s_files, file), home[name]);
        return home;
    }

    /// <summary>Types every line into a shell, with a Tab; its key ^T shows the line as it is then.</summary>
    private static async Task TypeAsync(Lab lab, PrivateDirectory home, string shell, params string[] options)
    {
        Assert.SkipWhen(TerminalProgram.Unavailable is not null, TerminalProgram.Unavailable ?? "");
        Dictionary<string, string> environment = new()
        {
            ["HOME"] = home.Path,
            ["ZDOTDIR"] = home.Path,
            ["TERM"] = "xterm",
            ["XCS_CONSOLE_SOCKET"] = lab.Places.Console,
        };
        await using TerminalProgram terminal = TerminalProgram.Start(shell, options, new() { Environment = environment });

        // A shell reads a thousand files of its own before it is ready for the first time.
        await terminal.Screen.WaitForTextAsync("ready> ", Lab.Cancel, deadline: TimeSpan.FromMinutes(2));
        foreach ((string begun, string completed) in s_lines)
        {
            await terminal.TypeAsync($"{begun}\t\x14", Lab.Cancel);
            int shown = await terminal.Screen.WaitForTextAsync($"LINE=<{completed}>", Lab.Cancel);

            // While a key's command prints, the terminal is the kernel's, and a ^U would be lost. With the prompt it is the shell's again.
            await terminal.Screen.WaitForTextAsync("ready> ", Lab.Cancel, shown);
            await terminal.TypeAsync("\x15", Lab.Cancel);
        }

        await terminal.TypeAsync("xcsctl console-\t", Lab.Cancel);
        await terminal.Screen.WaitForTextAsync("console-add", Lab.Cancel);
        await terminal.Screen.WaitForTextAsync("console-del", Lab.Cancel);
        await terminal.TypeAsync("\x15", Lab.Cancel);
        await File.WriteAllTextAsync(home["web.pcapng"], "", Lab.Cancel);
        await terminal.TypeAsync($"xcsctl dump --read {home["web.p"]}\t\x14", Lab.Cancel);
        await terminal.Screen.WaitForTextAsync($"LINE=<xcsctl dump --read {home["web.pcapng"]} >", Lab.Cancel);
    }
}
