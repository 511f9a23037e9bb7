global using XcsSharp.Protocol;
global using XcsSharp.Switching.Tests.Rig;
global using XcsSharp.TestKit;

global using Xunit;
