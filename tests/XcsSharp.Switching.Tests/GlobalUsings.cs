global using XcsSharp.Protocol;
global using XcsSharp.Switching.Tests.Rig;

global using FakeConsole = XcsSharp.TestKit.FakeConsole;

global using Xunit;
