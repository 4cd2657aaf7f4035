#ifndef WASM3_RUNNER_PARENT_H
#define WASM3_RUNNER_PARENT_H

#include <stdbool.h>

/*
 * From now on the process ends when the one with this number, in decimal, is no longer its parent. False
 * where it can't watch. The parent may be killed by a signal that nobody catches, while a module loops.
 */
bool wasm3_runner_parent_watch(const char *number);

#endif
