/* esp_http_client over a socket: HTTP/1.1 without TLS, one request to a connection. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esp_crt_bundle.h"
#include "esp_http_client.h"

enum { TEXT_BYTES = 4096, NAME_BYTES = 128 };

struct esp_http_client {
    esp_http_client_config_t config;
    esp_http_client_method_t method;
    char host[NAME_BYTES], port[8], path[TEXT_BYTES], headers[TEXT_BYTES];
    FILE *line;
    int status, is_chunked, is_over;
    int64_t left; /* of the body or the chunk; -1 where only the end tells */
};

esp_err_t esp_crt_bundle_attach(void *configuration) { return configuration == NULL ? ESP_FAIL : ESP_OK; }

esp_http_client_handle_t esp_http_client_init(const esp_http_client_config_t *config) {
    struct esp_http_client *client = calloc(1, sizeof *client);
    if (client == NULL) return NULL;
    client->config = *config;
    strcpy(client->path, "/");
    strcpy(client->port, "80");
    const int found =
        sscanf(config->url, "http://%127[^:/]:%7[0-9]%4000s", client->host, client->port, client->path);
    if (found >= 2 && config->crt_bundle_attach == esp_crt_bundle_attach && config->disable_auto_redirect)
        return client;
    free(client);
    return NULL;
}

esp_err_t esp_http_client_set_method(esp_http_client_handle_t client, esp_http_client_method_t method) {
    client->method = method;
    return ESP_OK;
}

esp_err_t esp_http_client_set_header(esp_http_client_handle_t client, const char *key, const char *value) {
    const size_t used = strlen(client->headers), room = sizeof client->headers - used;
    const int bytes = snprintf(client->headers + used, room, "%s: %s\r\n", key, value);
    return bytes > 0 && (size_t)bytes < room ? ESP_OK : ESP_ERR_NO_MEM;
}

static int dial(const char *host, const char *port) {
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found      = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) return -1;
    int line = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (line >= 0 && connect(line, found->ai_addr, found->ai_addrlen) != 0) {
        close(line);
        line = -1;
    }
    freeaddrinfo(found);
    return line;
}

esp_err_t esp_http_client_open(esp_http_client_handle_t client, int write_bytes) {
    static const char *const methods[] = {"GET", "POST", "PUT"};
    const int line                     = dial(client->host, client->port);
    if (line < 0) return ESP_FAIL;
    client->line = fdopen(line, "r+");
    if (client->line == NULL) return ESP_FAIL;
    char head[2 * TEXT_BYTES];
    const int bytes =
        snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n%s",
                 methods[client->method], client->path, client->host, client->port, client->headers);
    if (bytes <= 0 || bytes >= client->config.buffer_size_tx) return ESP_ERR_NO_MEM;
    (void)fputs(head, client->line);
    if (write_bytes > 0) (void)fprintf(client->line, "Content-Length: %d\r\n", write_bytes);
    return fputs("\r\n", client->line) >= 0 ? ESP_OK : ESP_FAIL;
}

int esp_http_client_write(esp_http_client_handle_t client, const char *data, int bytes) {
    return (int)fwrite(data, 1, (size_t)bytes, client->line);
}

/* A line without its end; 0 where the connection is over. */
static int read_line(struct esp_http_client *client, char *line, int room) {
    if (fgets(line, room, client->line) == NULL) return 0;
    line[strcspn(line, "\r\n")] = '\0';
    return 1;
}

static void take_header(struct esp_http_client *client, char *line) {
    char *value = strchr(line, ':');
    if (value == NULL) return;
    *value++ = '\0';
    value += strspn(value, " ");
    if (strcasecmp(line, "Content-Length") == 0) client->left = strtoll(value, NULL, 10);
    if (strcasecmp(line, "Transfer-Encoding") == 0) client->is_chunked = strcasecmp(value, "chunked") == 0;
    esp_http_client_event_t event = {.event_id     = HTTP_EVENT_ON_HEADER,
                                     .client       = client,
                                     .user_data    = client->config.user_data,
                                     .header_key   = line,
                                     .header_value = value};
    (void)client->config.event_handler(&event);
}

int64_t esp_http_client_fetch_headers(esp_http_client_handle_t client) {
    char line[TEXT_BYTES];
    (void)fflush(client->line);
    client->left = -1;
    if (!read_line(client, line, sizeof line) || sscanf(line, "HTTP/1.1 %d", &client->status) != 1) return -1;
    while (read_line(client, line, sizeof line)) {
        if (line[0] != '\0') {
            take_header(client, line);
            continue;
        }
        if (client->is_chunked || client->status == 204) client->left = 0;
        client->is_over = !client->is_chunked && client->left == 0;
        return client->left > 0 ? client->left : 0;
    }
    return -1;
}

int esp_http_client_get_status_code(esp_http_client_handle_t client) { return client->status; }

/* The length of the next chunk: 0 for the last. */
static void next_chunk(struct esp_http_client *client) {
    char line[TEXT_BYTES];
    if (!read_line(client, line, sizeof line)) return;
    if (line[0] == '\0' && !read_line(client, line, sizeof line)) return;
    client->left    = strtoll(line, NULL, 16);
    client->is_over = client->left == 0;
}

int esp_http_client_read(esp_http_client_handle_t client, char *data, int bytes) {
    if (client->is_chunked && client->left == 0 && !client->is_over) next_chunk(client);
    if (client->is_over || client->left == 0) return 0;
    if (client->left > 0 && bytes > client->left) bytes = (int)client->left;
    const int got = (int)fread(data, 1, (size_t)bytes, client->line);
    if (client->left > 0) client->left -= got;
    if (client->left == 0 && !client->is_chunked) client->is_over = 1;
    return got;
}

bool esp_http_client_is_complete_data_received(esp_http_client_handle_t client) { return client->is_over; }

esp_err_t esp_http_client_cleanup(esp_http_client_handle_t client) {
    if (client->line != NULL) (void)fclose(client->line);
    free(client);
    return ESP_OK;
}
