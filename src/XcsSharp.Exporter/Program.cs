using XcsSharp.Exporter;

// Waits for: scrapes; the timer of OTLP exports; with --logs, the timer that looks for new consoles, the LOG connections and the collector's answers.
return await new CommandLine(Console.Out, Console.Error).RunAsync(args);
