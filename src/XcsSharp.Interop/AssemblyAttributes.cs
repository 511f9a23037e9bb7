using System.Runtime.CompilerServices;

// Structs cross the border as they are, never copied field by field.
[assembly: DisableRuntimeMarshalling]

// Native functions are for those who wrap them; everything above sees values and spans.
[assembly: InternalsVisibleTo("XcsSharp.Reactor")]
[assembly: InternalsVisibleTo("XcsSharp.Xen")]
[assembly: InternalsVisibleTo("XcsSharp.Guest")]
[assembly: InternalsVisibleTo("xcsctl")]
[assembly: InternalsVisibleTo("XcsSharp.Reactor.Tests")]
[assembly: InternalsVisibleTo("XcsSharp.Xen.Tests")]
[assembly: InternalsVisibleTo("XcsSharp.Guest.Tests")]
[assembly: InternalsVisibleTo("XcsSharp.Daemon.Tests")]
[assembly: InternalsVisibleTo("XcsSharp.TestKit")]
[assembly: InternalsVisibleTo("xcs-chaos")]
[assembly: InternalsVisibleTo("XcsSharp.Fuzz")]
