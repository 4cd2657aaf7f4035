/*
 * thimble: a device's side of Eclipse hawkBit's Direct Device Integration API, which `thimble serve` speaks
 * too (SPEC.md, section 7).
 *
 * The client never waits and never opens a connection: it says which request is next, and is told what came
 * of it. A blocking port makes the request in place (PORTING.md); one with events hands over what it gets.
 * Redirects, TLS and name resolution are the port's. Documents of the server may be of any length: they are
 * read as they arrive.
 */
#ifndef THIMBLE_DDI_H
#define THIMBLE_DDI_H

#include "thimble_json.h"
#include "thimble_update.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Addresses, among them those of images, that are longer can't be followed. */
#ifndef THIMBLE_DDI_URL_BYTES
#define THIMBLE_DDI_URL_BYTES 768
#endif

/* Of what is sent; at least THIMBLE_DDI_URL_BYTES. */
#ifndef THIMBLE_DDI_BODY_BYTES
#define THIMBLE_DDI_BODY_BYTES 1024
#endif

#if THIMBLE_DDI_BODY_BYTES < THIMBLE_DDI_URL_BYTES || THIMBLE_DDI_BODY_BYTES < 512
#error "THIMBLE_DDI_BODY_BYTES: expected THIMBLE_DDI_URL_BYTES at least, and 512"
#endif

#define THIMBLE_DDI_ID_BYTES    40 /* of an action's id */
#define THIMBLE_DDI_URL_MARGIN  96 /* that the client adds to the controller's URL */
#define THIMBLE_DDI_BODY_MARGIN 40 /* that it adds to the attributes */
#define THIMBLE_DDI_FOUND_BYTES 33 /* of what is cited from an order */
#define THIMBLE_DDI_NO_RANGE    UINT32_MAX

/* The request to send to the server next. Texts are valid until the answer has ended. */
typedef struct thimble_ddi_request {
    const char *method; /* GET, POST or PUT */
    const char *url;
    const char *authorization; /* value of that header; null for none, as for every server but its own */
    const char *body;          /* JSON, with Content-Type application/json; null for none */
    uint32_t body_bytes;
    uint32_t range_start; /* above 0: Range: bytes=<range_start>- */
} thimble_ddi_request;

/* The head of an answer. */
typedef struct thimble_ddi_head {
    uint32_t status;      /* of HTTP; 0 where there was no answer */
    uint32_t range_start; /* first byte of Content-Range; THIMBLE_DDI_NO_RANGE where there was none */
    uint32_t retry_after; /* seconds of Retry-After, where it is a date from that of Date; 0 for none */
} thimble_ddi_head;

/* Which model of the store the server means by the name of a chunk (hawkBit: a software module). */
typedef struct thimble_ddi_model {
    const char *name; /* null: any, for a device of one model */
    uint32_t model;
    const thimble_service *service; /* its version becomes an attribute; may be null */
} thimble_ddi_model;

typedef enum thimble_ddi_phase {
    THIMBLE_DDI_POLL,
    THIMBLE_DDI_CONFIG,
    THIMBLE_DDI_CANCEL,
    THIMBLE_DDI_CANCEL_FEEDBACK,
    THIMBLE_DDI_DEPLOYMENT,
    THIMBLE_DDI_DOWNLOAD,
    THIMBLE_DDI_PROGRESS,
    THIMBLE_DDI_FEEDBACK
} thimble_ddi_phase;

#define THIMBLE_DDI_PHASES (THIMBLE_DDI_FEEDBACK + 1)
#define THIMBLE_DDI_CHAINS 4 /* what is left alone for itself: polls, attributes, cancellations, orders */

/* Findings of the document under way so far; the core's own. */
typedef struct thimble_ddi_reading {
    uint32_t interval; /* of a poll; 0 where it says none */
    uint8_t is_poll;   /* it has what every answer to a poll has */
    uint8_t links;     /* which a poll has: a set */
    uint8_t rank;      /* how urgent the link is that is kept, or how good the address of a chunk's image */
    uint8_t has_link;  /* the one that is kept can be followed */
    uint8_t has_id, rereads; /* the id of a deployment; it came too late to judge the chunks */
    uint8_t has_stop;
    uint32_t stop;                    /* the order that a cancellation takes back */
    uint8_t download, update, window; /* modes of a deployment */
    uint32_t chunks, models;          /* how many chunks, and which models they name: a set */
    uint32_t open, ready, waiting;    /* how many are not done; models whose image waits; how many wait or
                                      are on trial */
    thimble_status reason;            /* why a chunk was refused before */
    /* The chunk under way. */
    uint8_t is_named, has_model, artifacts, has_hash, has_size, has_address;
    uint32_t model, size;
    uint8_t hash[32];
} thimble_ddi_reading;

/* Why an order can't be obeyed: expected this, found that; null where nothing is wrong. */
typedef struct thimble_ddi_trouble {
    const char *expected;
    uint32_t chunk; /* from 1; 0 where it is about none */
    char found[THIMBLE_DDI_FOUND_BYTES];
} thimble_ddi_trouble;

/* The caller fills in the first part, and sets the rest to zero. */
typedef struct thimble_ddi {
    thimble_store *store;
    const char *url;           /* of the controller, https://host/TENANT/controller/v1/ID: at most
                                  THIMBLE_DDI_URL_BYTES - THIMBLE_DDI_URL_MARGIN bytes */
    const char *authorization; /* "TargetToken ..." or "GatewayToken ..."; may be null. Only addresses of
                                  the url's scheme, host and port are given it */
    const char *attributes;    /* JSON map of texts that the server may choose devices by; sent again when it
                                  changes; may be null */
    const thimble_ddi_model *models;
    uint32_t model_count;
    uint32_t seed; /* for the jitter: another for every device */
    /* The core's own. */
    thimble_ddi_phase phase;
    uint32_t now;                         /* of the last request or answer */
    uint32_t due;                         /* seconds: nothing is asked before */
    uint32_t interval;                    /* that the server wants between polls */
    uint32_t hold[THIMBLE_DDI_CHAINS];    /* until when each is left alone */
    uint8_t failures[THIMBLE_DDI_PHASES]; /* of each in a row */
    uint8_t has_hurried;                  /* to tell the outcome that it has */
    /* The answer under way. */
    uint32_t http, retry_after;
    uint32_t started, skip; /* bytes in the slot at its begin, and how many of its own are there already */
    uint8_t is_accepted;    /* it is a piece of the image */
    thimble_status written; /* how the last write of it went */
    /* Attributes: FNV-1a of what the server knows and of what it is being told; models told of. */
    uint32_t told, config_hash, config_from, config_to;
    uint8_t config_part;
    /* The order, and the last ones that were answered and taken back: FNV-1a of server and action. */
    uint32_t order, answered, stopped, said_order;
    uint8_t said;    /* of the order, last */
    uint8_t is_held; /* the server forbids to install it yet */
    uint8_t is_cancelled;
    uint32_t model; /* whose image is downloaded */
    thimble_offer offer;
    uint8_t whole_only, is_pieced, restarts; /* no ranges; the image came in pieces, and was begun anew */
    thimble_status refusal;
    thimble_ddi_trouble trouble;
    thimble_ddi_reading reading;
    thimble_json json;
    char id[THIMBLE_DDI_ID_BYTES + 1];  /* of the action or cancellation; empty where it is not known */
    char target[THIMBLE_DDI_URL_BYTES]; /* of the request */
    char link[THIMBLE_DDI_URL_BYTES];   /* to follow next */
    char body[THIMBLE_DDI_BODY_BYTES];  /* what is sent, or a value that is being read */
} thimble_ddi;

/*
 * Says what to do at `now`, in seconds of a clock that never goes back. Returns 0, and *request is to be
 * made; or for how many seconds there is nothing to do.
 */
uint32_t thimble_ddi_next(thimble_ddi *client, uint32_t now, thimble_ddi_request *request);

/* The head of the answer. 1: hand the body over; 0: it is not wanted, so the connection may be closed. */
int thimble_ddi_head_is(thimble_ddi *client, const thimble_ddi_head *head);

/* A piece of the body. 0: no more of it is wanted. */
int thimble_ddi_body_is(thimble_ddi *client, const uint8_t *data, uint32_t bytes);

/* The answer is over; `whole` is 0 where the connection broke. */
void thimble_ddi_end(thimble_ddi *client, uint32_t now, int whole);

#ifdef __cplusplus
}
#endif

#endif
