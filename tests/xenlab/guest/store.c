#include "store.h"

#include <stdint.h>

#include "events.h"
#include "platform.h"
#include "text.h"

#define MAX_BODY 1024 /* what is kept of a longer one */

static unsigned int s_fired;
static uint32_t s_request;
static char s_body[MAX_BODY + 1];
static uint32_t s_length;

void store_init(void) { s_fired = 0; }

static void wait_for_store(void) {
    events_notify(g_platform.store_port);
    events_wait_for(g_platform.store_port);
}

static void put(const void *bytes, size_t size) {
    struct xenstore_domain_interface *ring = g_platform.store;
    const char *from = bytes;
    uint32_t producer = ring->req_prod;
    for (size_t i = 0; i < size; i++) {
        for (;;) {
            events_take(g_platform.store_port);
            if (producer - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) < XENSTORE_RING_SIZE)
                break;
            wait_for_store();
        }
        ring->req[MASK_XENSTORE_IDX(producer++)] = from[i];
        __atomic_store_n(&ring->req_prod, producer, __ATOMIC_RELEASE);
    }
}

static void get(void *bytes, size_t size) {
    struct xenstore_domain_interface *ring = g_platform.store;
    char *to = bytes;
    uint32_t consumer = ring->rsp_cons;
    for (size_t i = 0; i < size; i++) {
        for (;;) {
            events_take(g_platform.store_port);
            if (__atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) != consumer)
                break;
            wait_for_store();
        }
        to[i] = ring->rsp[MASK_XENSTORE_IDX(consumer++)];
        __atomic_store_n(&ring->rsp_cons, consumer, __ATOMIC_RELEASE);
    }
}

static void get_body(uint32_t length) {
    s_length = length < MAX_BODY ? length : MAX_BODY;
    get(s_body, s_length);
    s_body[s_length] = '\0';
    for (uint32_t i = s_length; i < length; i++) {
        char rest;
        get(&rest, 1);
    }
    /* The ring may have been full, and xenstored waiting for room. */
    events_notify(g_platform.store_port);
}

/* One message into s_body. A watch event is its path and its token, which is the letter that
 * store_watch made of its bit. */
static struct xsd_sockmsg get_message(void) {
    struct xsd_sockmsg header;
    get(&header, sizeof(header));
    get_body(header.len);
    if (header.type == XS_WATCH_EVENT) {
        const char *token = s_body + text_length(s_body) + 1;
        s_fired |= 1u << (*token - 'a');
    }
    return header;
}

/* Sends key, and value where there is one, and waits for the reply. */
static bool request(uint32_t type, const char *key, const char *value, size_t value_size) {
    size_t key_size = text_length(key) + 1;
    struct xsd_sockmsg header = {
        .type = type, .req_id = ++s_request, .len = (uint32_t)(key_size + value_size)};
    put(&header, sizeof(header));
    put(key, key_size);
    put(value, value_size);
    events_notify(g_platform.store_port);
    struct xsd_sockmsg reply;
    do
        reply = get_message();
    while (reply.type == XS_WATCH_EVENT || reply.req_id != header.req_id);
    return reply.type == type;
}

bool store_read(const char *key, char *value, size_t size) {
    bool found = request(XS_READ, key, NULL, 0);
    text_copy(value, size, found ? s_body : "");
    return found;
}

bool store_write(const char *key, const char *value) {
    return request(XS_WRITE, key, value, text_length(value));
}

bool store_print(const char *key, const char *format, ...) {
    char value[160];
    va_list args;
    va_start(args, format);
    text_format(value, sizeof(value), format, args);
    va_end(args);
    return store_write(key, value);
}

bool store_remove(const char *key) { return request(XS_RM, key, NULL, 0); }

bool store_watch(const char *key, unsigned int bit) {
    char token[2] = {(char)('a' + bit), '\0'};
    return request(XS_WATCH, key, token, sizeof(token));
}

void store_serve(void) {
    struct xenstore_domain_interface *ring = g_platform.store;
    while (__atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE) != ring->rsp_cons)
        get_message();
}

unsigned int store_take_fired(void) {
    unsigned int fired = s_fired;
    s_fired = 0;
    return fired;
}
