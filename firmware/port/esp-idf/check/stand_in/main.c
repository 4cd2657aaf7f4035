/* A device as a program: its arguments are in ../README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "world.h"

void world_end(enum world_end why) {
    (void)fflush(NULL);
    _exit((int)why);
}

int main(int argc, char **argv) {
    uint32_t seconds = 10, cut = 0;
    for (int i = 2; i + 1 < argc; i += 2) {
        const uint32_t number = (uint32_t)strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seconds") == 0)
            seconds = number;
        else if (strcmp(argv[i], "--cut") == 0)
            cut = number;
        else if (strcmp(argv[i], "--reset") != 0 || !system_reset_is(argv[i + 1]))
            return 2;
    }
    if (argc < 2 || flash_open(argv[1], cut) != 0) return 2;
    tasks_run(seconds);
}
