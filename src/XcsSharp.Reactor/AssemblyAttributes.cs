using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("XcsSharp.Reactor.Tests")]
