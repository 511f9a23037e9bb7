/* Delivery of events, lock-free, in the process that signals.
 *
 * The flag word of a port moves like this:
 *
 *     0 --notify--> PENDING --deliver--> MASKED (number written to the owner's FIFO)
 *     MASKED --notify--> PENDING|MASKED --unmask--> PENDING --deliver--> MASKED
 *     MASKED --unmask--> 0
 *
 * No wake-up is lost:
 * - All changes are atomic read-modify-writes of one word, so they have one order. A notify that
 *   comes before the unmask leaves PENDING for the unmask to find; one that comes after it finds
 *   the port unmasked and delivers. Both may then try to deliver: the compare-and-swap lets one.
 * - What the sender stored in a shared page before notify is visible to the receiver that drains
 *   the page after its unmask: the same two read-modify-writes order it. Hence "unmask, then
 *   drain".
 * - Whoever moves PENDING to MASKED writes the FIFO; nobody else will. If it is killed in
 *   between, its own port still says `sending` and the machine repeats the delivery.
 *
 * - A sender that has no descriptor left for the owner's FIFO asks the machine, which repeats the
 *   delivery: the owner waits for a number and will not unmask before it.
 *
 * A delivery that races with close and reuse of the slot reads a slot that already belongs to
 * somebody else: the new owner sees one event too many, which Xen's users must bear anyway. */
#include "evtchn_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "wire.h"

#define MAX_WRITERS 16384u

static size_t table_bytes(void) {
    return sizeof(struct port_slot) * (size_t)slot_of(DOMID_LIMIT, 0);
}

/* Descriptors of other handles' FIFOs are kept open, but never more than half of what the process
 * may have: a daemon needs the rest for its own clients. */
static uint32_t writer_limit(void) {
    struct rlimit limit;
    uint32_t half = 512;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < MAX_WRITERS)
        half = (uint32_t)(limit.rlim_cur / 2);
    else
        half = MAX_WRITERS;
    return half < 16 ? 16 : half;
}

int evtchn_table_open(struct evtchn_table *table, int dirfd, bool create) {
    int fd = openat(dirfd, "evtchn", O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
    if (fd < 0)
        return -1;
    /* Sparse: only the pages of ports that are used take memory. */
    if (create && ftruncate(fd, (off_t)table_bytes()) != 0) {
        close(fd);
        return -1;
    }
    table->slots = mmap(NULL, table_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (table->slots == MAP_FAILED)
        return -1;
    table->dirfd = dirfd;
    table->nr_writers = writer_limit();
    /* All zero is an unlocked mutex on Linux, and calloc leaves unused pages untouched. */
    table->writers = calloc(table->nr_writers, sizeof(*table->writers));
    if (table->writers == NULL) {
        munmap(table->slots, table_bytes());
        return -1;
    }
    return 0;
}

void evtchn_table_close(struct evtchn_table *table) {
    for (uint32_t i = 0; i < table->nr_writers; i++)
        if (table->writers[i].fifo != 0)
            close(table->writers[i].fd);
    free(table->writers);
    munmap(table->slots, table_bytes());
}

static int open_fifo(const struct evtchn_table *table, uint32_t fifo) {
    char name[32];
    snprintf(name, sizeof(name), "evtchn-%u", fifo);
    /* Opened for reading too: a pipe that has a reader, if only this one, gives no SIGPIPE. */
    return openat(table->dirfd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

enum written {
    WRITTEN, /* or the handle is gone, and nobody waits for this event */
    FULL,
    NO_DESCRIPTOR,
};

static enum written write_fifo(struct evtchn_table *table, uint32_t fifo, uint32_t port) {
    struct fifo_writer *writer = &table->writers[fifo % table->nr_writers];
    enum written written = WRITTEN;
    pthread_mutex_lock(&writer->lock);
    if (writer->fifo != fifo) {
        if (writer->fifo != 0)
            close(writer->fd);
        writer->fifo = 0;
        writer->fd = open_fifo(table, fifo);
        if (writer->fd >= 0)
            writer->fifo = fifo;
        else if (errno != ENOENT)
            written = NO_DESCRIPTOR;
    }
    if (writer->fifo == fifo) {
        ssize_t n;
        do
            n = write(writer->fd, &port, sizeof(port));
        while (n < 0 && errno == EINTR);
        written = n == (ssize_t)sizeof(port) ? WRITTEN : FULL;
    }
    pthread_mutex_unlock(&writer->lock);
    return written;
}

static uint32_t hand_over(struct evtchn_table *table, uint32_t slot) {
    struct port_slot *port = &table->slots[slot];
    uint32_t expected = PORT_PENDING;
    if (!atomic_compare_exchange_strong(&port->flags, &expected, PORT_MASKED))
        return 0;
    /* Read after the swap: were it read before, a slot closed and bound again in between would
     * have its first event written to the old handle. */
    uint32_t fifo = atomic_load(&port->fifo);
    enum written written = fifo == 0 ? FULL : write_fifo(table, fifo, port_of(slot));
    if (written != WRITTEN) {
        /* A FIFO is full only if its owner unmasks ports it has not read. The event stays with
         * the port, to be delivered by the next unmask. */
        atomic_fetch_or(&port->flags, PORT_PENDING);
    }
    return written == NO_DESCRIPTOR ? EVTCHN_UNDELIVERED : fifo;
}

uint32_t evtchn_deliver(struct evtchn_table *table, uint32_t slot) {
    uint32_t old = atomic_fetch_or(&table->slots[slot].flags, PORT_PENDING);
    return old == 0 ? hand_over(table, slot) : 0;
}

uint32_t evtchn_unmask(struct evtchn_table *table, uint32_t slot) {
    uint32_t old = atomic_fetch_and(&table->slots[slot].flags, ~PORT_MASKED);
    return old & PORT_PENDING ? hand_over(table, slot) : 0;
}

void evtchn_recover(struct evtchn_table *table, uint32_t slot) {
    struct port_slot *port = &table->slots[slot];
    uint32_t fifo = atomic_load(&port->fifo);
    if (atomic_load(&port->flags) & PORT_MASKED) {
        /* Its number may or may not have been written: once too often does no harm. */
        if (fifo != 0)
            write_fifo(table, fifo, port_of(slot));
    } else {
        evtchn_deliver(table, slot);
        hand_over(table, slot); /* if the dead process had set PENDING already */
    }
}

void evtchn_drop_writer(struct evtchn_table *table, uint32_t fifo) {
    struct fifo_writer *writer = &table->writers[fifo % table->nr_writers];
    pthread_mutex_lock(&writer->lock);
    if (writer->fifo == fifo) {
        close(writer->fd);
        writer->fifo = 0;
    }
    pthread_mutex_unlock(&writer->lock);
}
