#include "control_page.h"

#include "clock.h"
#include "events.h"
#include "grants.h"
#include "platform.h"
#include "store.h"
#include "text.h"
#include "turn.h"

#define MAGIC 0x47534358u /* "XCSG" */
#define VERSION 1u
/* Below are the references that the toolstack uses for the console and for xenstore. */
#define FIRST_REFERENCE 8u
/* A page that was left mapped, or lost, is not used again. */
#define PAGES 8u
#define UNMAP_MS 1000

static PAGE_ALIGNED struct control_page s_pages[PAGES];
static bool s_lost[PAGES];
static unsigned int s_current = PAGES;
static evtchn_port_t s_port;
static uint64_t s_nonce;

static grant_ref_t reference(void) { return FIRST_REFERENCE + s_current; }

struct control_page *control_page(void) {
    return s_current < PAGES ? &s_pages[s_current] : NULL;
}

evtchn_port_t control_page_port(void) { return s_port; }

uint64_t control_page_nonce(void) { return s_nonce; }

void control_page_init(void) {
    s_current = PAGES;
    s_port = 0;
    memset(s_lost, 0, sizeof(s_lost));
    for (unsigned int i = 0; i < PAGES; i++)
        grants_revoke(FIRST_REFERENCE + i);
}

static void write_header(struct control_page *page) {
    memset(page, 0, sizeof(*page));
    s_nonce = clock_nonce();
    page->version = VERSION;
    page->nonce = s_nonce;
    page->alive = 1;
    /* Last: a page with a magic has all the rest. */
    __atomic_store_n(&page->magic, MAGIC, __ATOMIC_RELEASE);
}

const char *control_page_write_keys(uint64_t nonce) {
    bool written = store_print("data/xcs/version", "%u", VERSION) &&
                   store_print("data/xcs/ring-ref", "%u", reference()) &&
                   store_print("data/xcs/event-channel", "%u", s_port) &&
                   store_print("data/xcs/ready", "%llu", (unsigned long long)nonce);
    return written ? NULL : "xenstore refuses a key";
}

const char *control_page_publish(void) {
    for (s_current = 0; s_current < PAGES; s_current++)
        if (!s_lost[s_current] && grants_is_free(reference()))
            break;
    if (s_current == PAGES)
        return "all control pages are in use or given up";
    s_port = events_open();
    if (s_port == 0)
        return "no port";
    events_add(s_port);
    write_header(&s_pages[s_current]);
    grants_allow(reference(), &s_pages[s_current]);
    /* What a predecessor left would be believed with our values beside it. */
    store_remove("data/xcs/ready");
    return control_page_write_keys(s_nonce);
}

const char *control_page_publish_again(void) {
    store_remove("data/xcs/ready");
    write_header(&s_pages[s_current]);
    return control_page_write_keys(s_nonce);
}

void control_page_withdraw(void) {
    store_remove("data/xcs/ready");
    s_pages[s_current].alive = 0;
    uint64_t until = clock_now() + UNMAP_MS * NS_PER_MS;
    while (!grants_end(reference()) && clock_now() < until)
        turn(clock_now() + 10 * NS_PER_MS);
    control_page_leave();
}

void control_page_leave(void) {
    events_remove(s_port);
    events_close(s_port);
    s_port = 0;
    s_current = PAGES;
}

bool control_page_free(void) {
    grants_revoke(reference());
    s_lost[s_current] = true;
    return platform_exchange_frame(&s_pages[s_current]);
}
