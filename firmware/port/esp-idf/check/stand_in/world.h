/* Parts that the stand-ins share: see ../README.md. */
#ifndef WORLD_H
#define WORLD_H

#include <stdint.h>

enum world_end { WORLD_OVER = 0, WORLD_POWER_LOST = 40, WORLD_WATCHDOG = 41, WORLD_PANIC = 42 };

/* Ends the program at once, after what it has printed. */
__attribute__((noreturn)) void world_end(enum world_end why);

/* flash.c: maps the file and reads its partition table; 0, or 1 where there is none. `cut`: from 1, or 0. */
int flash_open(const char *file, uint32_t cut);

/* tasks.c: runs app_main and what it starts until `seconds` are over. */
__attribute__((noreturn)) void tasks_run(uint32_t seconds);
int64_t tasks_microseconds(void);

/* system.c: the reason of the last reset by its name, without ESP_RST_; 0 where there is none such. */
int system_reset_is(const char *name);

#endif
