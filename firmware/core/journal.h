/* The journal: what survives a reset. SPEC.md, section 5, has every byte. */
#ifndef THIMBLE_JOURNAL_H
#define THIMBLE_JOURNAL_H

#include "thimble_update.h"

/* Reads all models' records; defaults where there are none. Writes nothing. */
void thimble_journal_read(thimble_store *store);

/* Appends the record of a model: once it returns THIMBLE_OK, a reset finds it. */
thimble_status thimble_journal_write(thimble_store *store, const thimble_record *record);

/* Copies bytes of flash, or from where it is mapped; returns 0, or anything else where they can't be read. */
int thimble_flash_read(const thimble_flash *flash, uint32_t address, uint8_t *data, uint32_t bytes);

#endif
