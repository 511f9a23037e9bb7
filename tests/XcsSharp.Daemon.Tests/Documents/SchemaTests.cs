using XcsSharp.Reference;
using XcsSharp.TestKit;

namespace XcsSharp.Daemon.Tests;

/// <summary>What <c>xcsctl --json</c> prints beside a running daemon is what the committed schemas say.</summary>
public sealed class SchemaTests
{
    /// <summary>What else a command wants on its line; none for one that is not here.</summary>
    private static readonly Dictionary<string, string> s_arguments = new()
    {
        ["console-add"] = "web",
        ["console-del"] = "web",
        ["shutdown"] = "db",
        ["reboot"] = "db",
        ["suspend"] = "db",
        ["mem-set"] = "web 512M",
        ["dump"] = "--read web.pcapng",
    };

    [Fact]
    public async Task What_the_commands_print_conforms()
    {
        await using DocumentMachine machine = await DocumentMachine.StartAsync();
        await using ConsoleSocket viewer = await ConsoleSocket.AttachAsync(machine.Lab.Places.Console, "web mode=rw", static _ => { }, Lab.Cancel);
        List<string> faults = [];
        foreach ((string command, string document) in JsonOutputs.All)
        {
            await using ChildProcess shell = machine.Start($"xcsctl {command} {s_arguments.GetValueOrDefault(command)} --json");
            await shell.Input.DisposeAsync();
            int code = await shell.WaitAsync(Lab.Cancel);
            Assert.True(code == 0, $"xcsctl {command} ended with {code}: {shell.Output.Text}");
            faults.AddRange(SchemaCheck.Faults(SchemaOf(document), shell.Output.Text).Select(fault => $"{command}: {fault}"));
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void Each_command_prints_a_document_that_has_a_schema()
        => Assert.All(JsonOutputs.All, static output => Assert.True(File.Exists(PathOf(output.Document)), $"{output.Command}: no schema of {output.Document}"));

    [Theory]
    [InlineData("""{"domid":3,"name":"web"}""")]
    [InlineData("""{"domid":3}""", "$: has no name")]
    [InlineData("""{"domid":"3","name":"web"}""", "$.domid: is String, not integer")]
    [InlineData("""{"domid":3,"name":"web","more":1}""", "$: the schema has no more")]
    [InlineData("""[]""", "$: is Array, not object")]
    public void The_check_sees_what_does_not_fit(string document, params string[] faults)
        => Assert.Equal(faults, SchemaCheck.Faults(SchemaOf("AttachedDocument"), document));

    [Theory]
    [InlineData("""{"type":["string","null"]}""", "1", "$: is Number, not [\"string\",\"null\"]")]
    [InlineData("""{"enum":["ok"]}""", "\"no\"", "$: no is none of [\"ok\"]")]
    [InlineData("""{"items":{"type":"string"}}""", """["a",1]""", "$[1]: is Number, not string")]
    [InlineData("""{"maxLength":3}""", "\"no\"", "$: the schema's word maxLength is not known to this check")]
    public void The_check_knows_the_words_that_are_used_and_no_others(string schema, string document, string fault)
        => Assert.Equal([fault], SchemaCheck.Faults(schema, document));

    private static string SchemaOf(string document) => File.ReadAllText(PathOf(document));

    private static string PathOf(string document) => Path.Combine(Repository.Root, ReferenceFiles.Schemas, document + ".json");
}
