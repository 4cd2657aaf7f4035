/* Watches the runner's parent with a timer of POSIX. */
#define _XOPEN_SOURCE 700 /* sigaction, setitimer */

#include "wasm3_runner_parent.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { CHECK_MS = 200 };

static pid_t parent;

static void check(int signal_number) {
    (void)signal_number;
    if (getppid() != parent) _exit(EXIT_FAILURE);
}

bool wasm3_runner_parent_watch(const char *number) {
    static const struct itimerval often = {{0, CHECK_MS * 1000}, {0, CHECK_MS * 1000}};
    struct sigaction action             = {.sa_handler = check, .sa_flags = SA_RESTART};
    parent                              = (pid_t)strtol(number, NULL, 10);
    if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &often, NULL) != 0) return false;
    check(SIGALRM);
    return true;
}
