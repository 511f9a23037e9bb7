// What this program waits for, all in one epoll loop but for the two threads that read and write standard streams:
// 1. events of the control channel's port: answers to our requests, requests of the controller
// 2. standard input (console)
// 3. room on standard output (console)
// 4. timers (flood: its end, its pace)
// 5. SIGTERM, SIGINT, SIGHUP: withdraw the channel, then end
using XcsSharp.GuestAgent;
using XcsSharp.Interop;

DescriptorStream.FillStandardNumbers();
return new CommandLine().Run(args);
