/* As WebAssembly the runner is no process: it ends with the one that it runs in (host/firmware/wasi.ts). */
#include "wasm3_runner_parent.h"

bool wasm3_runner_parent_watch(const char *number) {
    (void)number;
    return false;
}
