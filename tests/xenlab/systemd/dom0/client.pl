#!/usr/bin/perl
# client.pl SOCKET MARK: connects to a socket of xcsd, makes the file MARK, asks what this socket is for (the console socket its
# status, the others for a session) and waits for the answer. Ends with 0 when that is right.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($path, $mark) = @ARGV;
my $socket = IO::Socket::UNIX->new(Peer => $path) or die "cannot connect to $path: $!\n";
open(my $file, '>', $mark) or die "$mark: $!\n";
close $file;
if ($path =~ /console/) {
    print $socket "STATUS\n";
    # A line that says whether there is an answer, then the answer.
    my ($outcome, $answer) = (scalar <$socket>, scalar <$socket>);
    die "no status: ", $outcome // "the connection ended", "\n" unless defined $answer && $outcome =~ /^OK/;
    print $answer;
} else {
    # A record is 80 bytes: type (0: a control connection), result, session.
    print $socket pack("LLQ", 0, 0, 0), "\0" x 64;
    my $answer = '';
    while (length $answer < 80) {
        my $got = sysread($socket, $answer, 80 - length $answer, length $answer);
        die "the connection ended\n" unless $got;
    }
    my ($type, $result, $session) = unpack("LLQ", $answer);
    print "type $type, result $result, session $session\n";
    die "no session\n" unless $type == 0 && $result == 0 && $session != 0;
}
