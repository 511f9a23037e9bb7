global using XcsSharp.Protocol;
global using XcsSharp.Switching.Tests.Rig;

global using Xunit;

global using FakeConsole = XcsSharp.TestKit.FakeConsole;
