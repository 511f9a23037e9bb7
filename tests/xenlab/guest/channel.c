#include "channel.h"

#include "events.h"
#include "seeded.h"
#include "text.h"

#define CONSOLE_TYPE 0

struct channel_modes g_channel_modes = {.notify_each = true};
struct channel_counters g_channel_counters;
struct channel_check g_channel_check;

static bool s_open;
static const char *s_problem;
static bool s_notify_due;
static uint32_t s_tx_put;      /* our requests */
static uint32_t s_tx_taken;    /* their answers */
static uint32_t s_rx_answered; /* the controller's requests */
/* By id: whether an unanswered request has it, and of which type that is. */
static bool s_id_used[CONTROL_SLOTS];
static uint8_t s_id_type[CONTROL_SLOTS];

void channel_open(void) {
    s_open = true;
    s_problem = NULL;
    s_notify_due = false;
    s_tx_put = s_tx_taken = s_rx_answered = 0;
    memset(s_id_used, 0, sizeof(s_id_used));
}

void channel_abandon(void) { s_open = false; }

bool channel_is_open(void) { return s_open; }

const char *channel_problem(void) { return s_problem; }

unsigned int channel_outstanding(void) { return s_tx_put - s_tx_taken; }

unsigned int channel_room(void) { return s_open ? CONTROL_SLOTS - channel_outstanding() : 0; }

static void lose(const char *problem) {
    s_open = false;
    s_problem = problem;
}

static void notify_later(void) {
    s_notify_due = true;
    if (g_channel_modes.notify_each)
        channel_flush();
}

void channel_flush(void) {
    if (s_notify_due && s_open) {
        g_channel_counters.notifies++;
        events_notify(control_page_port());
    }
    s_notify_due = false;
}

static uint8_t take_id(uint8_t type) {
    for (uint8_t id = 0; id < CONTROL_SLOTS; id++)
        if (!s_id_used[id]) {
            s_id_used[id] = true;
            s_id_type[id] = type;
            return id;
        }
    return CONTROL_NO_ID; /* strays have kept the others */
}

void channel_put(uint8_t type, uint8_t subtype, uint8_t length, const void *payload,
                 unsigned int size) {
    struct control_message message = {
        .type = type, .subtype = subtype, .id = take_id(type), .length = length};
    memcpy(message.payload, payload, size);
    struct control_ring *tx = &control_page()->tx;
    tx->slot[s_tx_put++ % CONTROL_SLOTS] = message;
    __atomic_store_n(&tx->req_prod, s_tx_put, __ATOMIC_RELEASE);
    g_channel_counters.sent++;
    notify_later();
}

static void take_answers(void) {
    struct control_ring *tx = &control_page()->tx;
    uint32_t produced = __atomic_load_n(&tx->rsp_prod, __ATOMIC_ACQUIRE);
    if (produced - s_tx_taken > channel_outstanding()) {
        lose("the controller claims answers to requests that were never sent");
        return;
    }
    for (; s_tx_taken != produced; s_tx_taken++) {
        struct control_message answer = tx->slot[s_tx_taken % CONTROL_SLOTS];
        g_channel_counters.answered++;
        if (answer.id < CONTROL_SLOTS && s_id_used[answer.id] &&
            s_id_type[answer.id] == answer.type)
            s_id_used[answer.id] = false;
        else
            g_channel_counters.strays++;
    }
}

static void check_payload(const struct control_message *request, unsigned int size) {
    struct channel_check *check = &g_channel_check;
    uint64_t left = check->size - check->position;
    if (left == 0 || check->failed)
        return;
    if (size > left)
        size = (unsigned int)left;
    unsigned int good =
        (unsigned int)seeded_match(check->seed, check->position, request->payload, size);
    check->position += good;
    check->failed = good < size;
}

static void answer_requests(void) {
    struct control_ring *rx = &control_page()->rx;
    uint32_t produced = __atomic_load_n(&rx->req_prod, __ATOMIC_ACQUIRE);
    if (produced - s_rx_answered > CONTROL_SLOTS) {
        lose("the controller claims more requests than the ring holds");
        return;
    }
    while (s_rx_answered != produced) {
        if (g_channel_modes.echo && channel_room() == 0)
            return; /* an answer makes room and comes with an event */
        struct control_message *slot = &rx->slot[s_rx_answered % CONTROL_SLOTS];
        struct control_message request = *slot;
        unsigned int size = request.length < CONTROL_PAYLOAD ? request.length : CONTROL_PAYLOAD;
        check_payload(&request, size);
        *slot = (struct control_message){.type = request.type,
                                         .subtype = request.subtype,
                                         .id = request.id,
                                         .length = g_channel_modes.answer_length};
        __atomic_store_n(&rx->rsp_prod, ++s_rx_answered, __ATOMIC_RELEASE);
        g_channel_counters.requests++;
        notify_later();
        if (g_channel_modes.echo)
            channel_put(CONSOLE_TYPE, 0, (uint8_t)size, request.payload, size);
    }
}

void channel_serve(void) {
    if (!s_open)
        return;
    events_take(control_page_port());
    take_answers();
    if (s_open && !g_channel_modes.mute)
        answer_requests();
    channel_flush();
}
