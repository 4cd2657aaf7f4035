#include "ddi.h"

enum {
    FIRST_DELAY      = 4,     /* seconds */
    GREATEST_DELAY   = 3600,  /* between attempts that fail */
    BROKEN_DELAY     = 1500,  /* between downloads that break, but get further */
    GREATEST_REQUEST = 86400, /* that a server may make with Retry-After */
    QUIET            = 600,   /* between polls while something is left alone for as long */
};

static uint32_t random_below(thimble_ddi *client, uint32_t limit) {
    client->seed = client->seed * 1664525u + 1013904223u;
    return limit == 0 ? 0 : (client->seed >> 8) % limit;
}

/* A little less for some devices than for others. */
static uint32_t spread(thimble_ddi *client, uint32_t seconds) {
    return seconds - random_below(client, seconds / 8);
}

int ddi_is_held(const thimble_ddi *client, uint32_t chain) { return client->now < client->hold[chain]; }

static uint32_t quiet_of(const thimble_ddi *client) {
    return client->interval > QUIET ? client->interval : QUIET;
}

/* Whether a download that failed has brought something. */
static int has_advanced(const thimble_ddi *client) {
    return client->phase == THIMBLE_DDI_DOWNLOAD &&
           client->store->tails[client->model].position > client->started;
}

/* Later, and later still each time: devices that failed together do not come back together. */
static uint32_t next_delay(thimble_ddi *client) {
    const uint32_t most = has_advanced(client) ? BROKEN_DELAY : GREATEST_DELAY;
    uint8_t *failures   = &client->failures[client->phase];
    uint32_t delay      = FIRST_DELAY;
    for (uint32_t i = 0; i < *failures && delay < most; i++) delay *= 2;
    if (delay > most) delay = most;
    if (*failures < UINT8_MAX) ++*failures;
    return delay - random_below(client, delay / 2 + 1);
}

/* `least` is the shortest wait. */
static void leave_alone(thimble_ddi *client, uint32_t least) {
    static const uint8_t chains[THIMBLE_DDI_PHASES] = {
        [THIMBLE_DDI_POLL] = DDI_CHAIN_POLL,        [THIMBLE_DDI_CONFIG] = DDI_CHAIN_CONFIG,
        [THIMBLE_DDI_CANCEL] = DDI_CHAIN_CANCEL,    [THIMBLE_DDI_CANCEL_FEEDBACK] = DDI_CHAIN_CANCEL,
        [THIMBLE_DDI_DEPLOYMENT] = DDI_CHAIN_ORDER, [THIMBLE_DDI_DOWNLOAD] = DDI_CHAIN_ORDER,
        [THIMBLE_DDI_PROGRESS] = DDI_CHAIN_ORDER,   [THIMBLE_DDI_FEEDBACK] = DDI_CHAIN_ORDER,
    };
    const uint32_t chain = chains[client->phase];
    uint32_t delay       = next_delay(client);
    if (delay < least) delay = least;
    uint32_t wait  = delay;
    uint32_t asked = client->retry_after > GREATEST_REQUEST ? GREATEST_REQUEST : client->retry_after;
    if (asked > 0) {
        // The server has asked to be left alone, with everything.
        if (delay < asked) delay = asked + random_below(client, asked / 4 + 1);
        wait = delay;
        for (uint32_t i = 0; i < THIMBLE_DDI_CHAINS; i++)
            if (client->hold[i] < client->now + delay) client->hold[i] = client->now + delay;
    } else if (chain == DDI_CHAIN_CONFIG) {
        wait = 0; // attributes hold nothing up
    } else if (chain != DDI_CHAIN_POLL && wait > quiet_of(client)) {
        wait = spread(client, quiet_of(client));
    }
    client->hold[chain] = client->now + delay;
    client->phase       = THIMBLE_DDI_POLL;
    client->due         = client->now + wait;
}

void ddi_fail(thimble_ddi *client) { leave_alone(client, 0); }

void ddi_fail_again(thimble_ddi *client) { leave_alone(client, spread(client, client->interval)); }

void ddi_rest(thimble_ddi *client) {
    uint32_t wait       = spread(client, client->interval);
    const uint32_t most = quiet_of(client);
    for (uint32_t i = 0; i < THIMBLE_DDI_CHAINS; i++)
        if (client->hold[i] > client->now + wait) wait = client->hold[i] - client->now;
    if (wait > most) wait = spread(client, most);
    client->phase = THIMBLE_DDI_POLL;
    client->due   = client->now + wait;
}
