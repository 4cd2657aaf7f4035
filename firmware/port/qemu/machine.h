/* The interface between shared code and each machine's own: start.S and machine.c of its folder. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* One call of the debugger's interface: its instruction differs between architectures. */
int32_t semihost_call(int32_t operation, const void *argument);

/* Bytes to the first UART. */
void machine_console(const uint8_t *data, size_t bytes);

#endif
