using XcsSharp.Cli;
using XcsSharp.Interop;

DescriptorStream.FillStandardNumbers();
try
{
    return await new CommandLine(new StandardStreams()).RunAsync(args);
}
catch (ErrnoException failure) when (failure.Errno is Errno.EPIPE)
{
    // Whoever read our output has enough: nothing to complain about, and nobody to complain to.
    return ExitCode.Ok;
}
