/* The journal: what survives a reset. SPEC.md, section 5, has every byte. */
#ifndef THIMBLE_JOURNAL_H
#define THIMBLE_JOURNAL_H

#include "thimble_update.h"

/* Reads all models' records; defaults where there are none. Writes nothing. */
void thimble_journal_read(thimble_store *store);

/* Appends the record of a model: once it returns THIMBLE_OK, a reset finds it. */
thimble_status thimble_journal_write(thimble_store *store, const thimble_record *record);

#endif
