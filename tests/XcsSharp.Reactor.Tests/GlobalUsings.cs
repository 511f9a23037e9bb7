global using Microsoft.Win32.SafeHandles;

global using XcsSharp.Interop;
global using XcsSharp.Interop.Linux;

global using Xunit;
