/* The page that the guest grants to domain 0, and its keys in xenstore.
 *
 * The layout is that of src/XcsSharp.Rings (GrantedHeader, ControlPageLayout), the keys and their
 * order those of src/XcsSharp.Guest (GrantedPageSource). */
#ifndef GUEST_CONTROL_PAGE_H
#define GUEST_CONTROL_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include <xen/event_channel.h>

#define CONTROL_SLOTS 8u
#define CONTROL_PAYLOAD 60u
#define CONTROL_NO_ID 0xff

struct control_message {
    uint8_t type;
    uint8_t subtype;
    uint8_t id;
    uint8_t length;
    uint8_t payload[CONTROL_PAYLOAD];
};

struct control_ring {
    uint32_t req_prod;
    uint32_t rsp_prod;
    struct control_message slot[CONTROL_SLOTS];
};

struct control_page {
    uint32_t magic;
    uint32_t version;
    uint64_t nonce;
    uint8_t alive;
    uint8_t unused[2048 - 17];
    struct control_ring tx; /* our requests, the controller's answers */
    struct control_ring rx; /* the controller's requests, our answers */
    uint8_t rest[4096 - 2048 - 2 * 520];
};

_Static_assert(sizeof(struct control_message) == 64, "a slot");
_Static_assert(offsetof(struct control_page, tx) == 2048, "ControlPageLayout.Transmit");
_Static_assert(offsetof(struct control_page, rx) == 2568, "ControlPageLayout.Receive");
_Static_assert(sizeof(struct control_page) == 4096, "one page");

/* Forgets what was published: after a restore the grants and ports are gone. */
void control_page_init(void);

/* Takes a free page and a new port and publishes them under a new nonce. Returns what is wrong, or
 * NULL. */
const char *control_page_publish(void);

/* The page, the port and the reference stay, everything in them begins anew, as it happens when
 * one program follows the other. */
const char *control_page_publish_again(void);

/* In order: domain 0 is told first and has a second to unmap the page. */
void control_page_withdraw(void);

/* The port goes, the page stays granted and its keys stay: no channel from now on. */
void control_page_leave(void);

/* The page and its frame are given up while domain 0 has them; its keys and its port stay. */
bool control_page_free(void);

/* Writes the four keys, ready last, whatever was published. */
const char *control_page_write_keys(uint64_t nonce);

/* NULL when there is none. */
struct control_page *control_page(void);
evtchn_port_t control_page_port(void);
uint64_t control_page_nonce(void);

#endif
