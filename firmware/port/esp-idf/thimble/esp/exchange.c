/* One request of the update client by esp_http_client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "esp_crt_bundle.h"
#include "esp_http_client.h"
#include "http_date.h"
#include "thimble_esp_update.h"

enum { PIECE_BYTES = 1024, SEND_BYTES = 2048 /* of a request's head, with its URL */ };

/* The parts of an answer's head that esp_http_client tells only as they come. */
typedef struct answer {
    thimble_ddi_head head;
    int64_t date, retry_date; /* seconds since 1970; 0 for none */
} answer;

static void read_header(answer *to, const char *key, const char *value) {
    unsigned start;
    if (strcasecmp(key, "Content-Range") == 0) {
        if (sscanf(value, "bytes %u-", &start) == 1) to->head.range_start = start;
    } else if (strcasecmp(key, "Date") == 0) {
        to->date = thimble_esp_http_date(value);
    } else if (strcasecmp(key, "Retry-After") == 0) {
        to->retry_date       = thimble_esp_http_date(value);
        to->head.retry_after = to->retry_date != 0 ? 0 : (uint32_t)strtoul(value, NULL, 10);
    }
}

static esp_err_t on_event(esp_http_client_event_t *event) {
    if (event->event_id == HTTP_EVENT_ON_HEADER)
        read_header(event->user_data, event->header_key, event->header_value);
    return ESP_OK;
}

static esp_http_client_method_t method_of(const char *method) {
    if (strcmp(method, "PUT") == 0) return HTTP_METHOD_PUT;
    return strcmp(method, "POST") == 0 ? HTTP_METHOD_POST : HTTP_METHOD_GET;
}

/* 1 where the request is on its way. */
static int send(esp_http_client_handle_t http, const thimble_ddi_request *request) {
    char range[32];
    esp_err_t error = esp_http_client_set_method(http, method_of(request->method));
    if (error == ESP_OK) error = esp_http_client_set_header(http, "Accept", "application/hal+json, */*");
    if (error == ESP_OK && request->authorization != NULL)
        error = esp_http_client_set_header(http, "Authorization", request->authorization);
    if (error == ESP_OK && request->body != NULL)
        error = esp_http_client_set_header(http, "Content-Type", "application/json");
    if (error == ESP_OK && request->range_start > 0) {
        (void)snprintf(range, sizeof range, "bytes=%u-", (unsigned)request->range_start);
        error = esp_http_client_set_header(http, "Range", range);
    }
    const int bytes = request->body == NULL ? 0 : (int)request->body_bytes;
    if (error == ESP_OK) error = esp_http_client_open(http, bytes);
    for (int at = 0; error == ESP_OK && at < bytes;) {
        const int sent = esp_http_client_write(http, request->body + at, bytes - at);
        if (sent <= 0) error = ESP_FAIL;
        at += sent;
    }
    return error == ESP_OK;
}

/* 1 where all of the answer came, or nobody wants the rest. */
static int receive(thimble_esp_store *opened, thimble_ddi *client, esp_http_client_handle_t http,
                   answer *answer) {
    static char piece[PIECE_BYTES];
    if (answer->date != 0 && answer->retry_date > answer->date)
        answer->head.retry_after = (uint32_t)(answer->retry_date - answer->date);
    answer->head.status = (uint32_t)esp_http_client_get_status_code(http);
    thimble_esp_lock(opened);
    int wanted = thimble_ddi_head_is(client, &answer->head);
    thimble_esp_unlock(opened);
    while (wanted) {
        const int bytes = esp_http_client_read(http, piece, sizeof piece);
        if (bytes < 0) return 0;
        if (bytes == 0) return esp_http_client_is_complete_data_received(http);
        thimble_esp_lock(opened);
        wanted = thimble_ddi_body_is(client, (const uint8_t *)piece, (uint32_t)bytes);
        thimble_esp_unlock(opened);
    }
    return 1;
}

void thimble_esp_exchange(thimble_esp_store *opened, thimble_ddi *client,
                          const thimble_ddi_request *request) {
    answer answer = {.head = {.status = 0, .range_start = THIMBLE_DDI_NO_RANGE, .retry_after = 0}};
    const esp_http_client_config_t config = {.url                   = request->url,
                                             .timeout_ms            = CONFIG_THIMBLE_HTTP_TIMEOUT_MS,
                                             .disable_auto_redirect = true,
                                             .event_handler         = on_event,
                                             .buffer_size_tx        = SEND_BYTES,
                                             .user_data             = &answer,
                                             .crt_bundle_attach     = esp_crt_bundle_attach};
    esp_http_client_handle_t http         = esp_http_client_init(&config);
    int whole                             = 0;
    /* Without an answer the client is told so: its head has status 0. */
    if (http != NULL && send(http, request) && esp_http_client_fetch_headers(http) >= 0)
        whole = receive(opened, client, http, &answer);
    thimble_esp_lock(opened);
    thimble_ddi_end(client, thimble_esp_seconds(), whole);
    thimble_esp_unlock(opened);
    if (http != NULL) (void)esp_http_client_cleanup(http);
}
