global using Xunit;

global using XcsSharp.Protocol;
global using XcsSharp.Switching.Tests.Rig;
