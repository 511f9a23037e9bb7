#!/usr/bin/perl
# probe.pl [PATH]...: run in xcsd's sandbox; prints a line for each thing tried, "WORD ok" or "WORD ERRNO-TEXT". Each PATH is
# opened for reading and writing; a PATH that ends in / gets a file made in it.
use strict;
use warnings;
use Fcntl;
use Socket;

sub tried {
    my ($word, $worked) = @_;
    print "$word ", $worked ? "ok" : "$!", "\n";
}

for my $path (@ARGV) {
    my $file = $path =~ m{/$} ? "${path}probe" : $path;
    my $flags = O_RDWR | O_NOCTTY | ($path =~ m{/$} ? O_CREAT : 0);
    tried($path, sysopen(my $opened, $file, $flags));
    unlink $file if $path =~ m{/$};
}
tried("unix-socket", socket(my $unix, AF_UNIX, SOCK_STREAM, 0));
tried("internet-socket", socket(my $internet, AF_INET, SOCK_STREAM, 0));
# mmap of one page that may be written and executed; unshare of the mount namespace. Numbers of x86-64.
my $page = syscall(9, 0, 4096, 7, 0x22, -1, 0);
tried("write-execute", $page != -1);
tried("mount-namespace", syscall(272, 0x20000) != -1);
