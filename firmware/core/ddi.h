/* Declarations that the files of the update client share: ddi.c asks and hears, the others are its parts. */
#ifndef THIMBLE_DDI_PARTS_H
#define THIMBLE_DDI_PARTS_H

#include "thimble_ddi.h"

/* Links of a poll, the most urgent last. */
enum { DDI_LINK_ORDER = 1, DDI_LINK_CONFIG = 2, DDI_LINK_CANCEL = 4 };

/* Modes of a deployment; a window that is unavailable is one to skip. */
enum { DDI_MODE_NONE, DDI_MODE_SKIP, DDI_MODE_DO };

/* Reports about an order before its outcome. */
enum { DDI_SAID_NOTHING, DDI_SAID_SCHEDULED, DDI_SAID_DOWNLOAD, DDI_SAID_STALLED, DDI_SAID_DOWNLOADED };

/* Exchanges that are left alone for themselves when they fail. */
enum { DDI_CHAIN_POLL, DDI_CHAIN_CONFIG, DDI_CHAIN_CANCEL, DDI_CHAIN_ORDER };

/* How good the address of an image is: over HTTP or TLS, and better than both from the server itself. */
enum { DDI_HTTP_ADDRESS = 1, DDI_TLS_ADDRESS = 2, DDI_OWN_ADDRESS = 2 };

/* After so many failures in a row whatever won't get better by asking again is reported. */
enum { DDI_TRIES = 9 };

/* ---- ddi_wait.c: when ---- */

/* The phase has failed: its chain is left alone, for longer each time; then a poll. */
void ddi_fail(thimble_ddi *client);

/* The server asks for what it has been told: it is not told any faster than it is polled. */
void ddi_fail_again(thimble_ddi *client);

/* Nothing to do until the next poll. */
void ddi_rest(thimble_ddi *client);

int ddi_is_held(const thimble_ddi *client, uint32_t chain);

/* ---- ddi_document.c: what the server says ---- */

/* The order of an action of this server, never 0. */
uint32_t ddi_order_of(const thimble_ddi *client, const char *id);

/* Prepares for the document of the client's phase. */
void ddi_document_begin(thimble_ddi *client);

/* Notes why the order can't be obeyed, unless something was wrong before; `found` is made printable. */
void ddi_note(thimble_ddi *client, uint32_t chunk, const char *expected, const char *found);

/* ---- ddi_send.c: what the server is told ---- */

/* Whether attributes are to be sent: they have changed, or the server asks for them. */
int ddi_may_configure(const thimble_ddi *client, int is_asked);

/* Address and body of the phases that send one. */
void ddi_write_request(thimble_ddi *client);

/* ---- ddi_order.c: what is done about it ---- */

void ddi_after_cancel(thimble_ddi *client);
void ddi_after_deployment(thimble_ddi *client);
void ddi_after_download(thimble_ddi *client, int whole);

/* Gives up images that nobody orders any more and keeps their outcomes: 0 where the journal can't take it. */
int ddi_forget_orders(thimble_ddi *client);

/* Outcomes of the order are known: 0 where the journal can't take it. */
int ddi_mark_reported(thimble_ddi *client, uint32_t order);

/* The server is told what was noted. */
void ddi_complain(thimble_ddi *client);

#endif
