global using XcsSharp.Protocol;
global using XcsSharp.Switching.Tests.Rig;

global using Xunit;
