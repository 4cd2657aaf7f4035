#include "http_date.h"

#include <stdio.h>
#include <string.h>

/* Days from 1970-01-01 to the first of a month, 0 to 11, of the Gregorian calendar. */
static int64_t days_before(int year, int month) {
    static const int16_t in_year[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const int64_t last               = month < 2 ? year - 1 : year; /* whose 29th of February is over */
    const int64_t leaps = last / 4 - last / 100 + last / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return 365 * (int64_t)(year - 1970) + leaps + in_year[month];
}

int64_t thimble_esp_http_date(const char *text) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hour, minute, second;
    char name[4] = "";
    const int found =
        sscanf(text, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, name, &year, &hour, &minute, &second);
    const char *month = found == 6 && strlen(name) == 3 ? strstr(months, name) : NULL;
    if (month == NULL || (month - months) % 3 != 0 || year < 1970 || day < 1) return 0;
    const int64_t days = days_before(year, (int)(month - months) / 3) + day - 1;
    return 86400 * days + 3600 * hour + 60 * minute + second;
}
