#ifndef THIMBLE_ESP_HTTP_DATE_H
#define THIMBLE_ESP_HTTP_DATE_H

#include <stdint.h>

/* Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7); 0 for any other text. */
int64_t thimble_esp_http_date(const char *text);

#endif
