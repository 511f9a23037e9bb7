/* The end of the domain, and its suspend, by command and by request of the toolstack. */
#ifndef GUEST_LIFECYCLE_H
#define GUEST_LIFECYCLE_H

/* Connects to everything that the platform has. Done at boot and after a restore. */
void lifecycle_connect(void);

/* Does what control/shutdown asks for. */
void lifecycle_serve_request(void);

/* The watches' bits. */
enum { WATCH_COMMAND, WATCH_SHUTDOWN };

#endif
