/*
 * thimble: models that change while the firmware stays.
 *
 * Every model has two slots in flash, and a journal of two sectors says which one is in service (SPEC.md,
 * sections 5 and 6). A new image is written to the other slot, checked, put on trial between two inferences,
 * and confirmed; or the device goes back to the image that it had, by itself and without a network. Power may
 * fail at any instruction of all this.
 *
 * A store holds the journal and all models' slots; a service runs one of its models. None of these functions
 * may be called for one store from two tasks at a time.
 */
#ifndef THIMBLE_UPDATE_H
#define THIMBLE_UPDATE_H

#include "thimble.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THIMBLE_MODELS         32 /* of one store, at most */
#define THIMBLE_PROGRAM_BYTES  32 /* largest unit in which flash is programmed */
#define THIMBLE_JOURNAL_RECORD 64

/* NOR flash as the core sees it. Addresses count from wherever the port likes. */
typedef struct thimble_flash {
    void *context;
    uint32_t sector_bytes; /* what one erase clears: a power of two, at least 40 records of the journal */
    uint32_t
        program_bytes; /* unit and alignment of programming: a power of two up to THIMBLE_PROGRAM_BYTES */

    /* Sets an erased sector's bits to 0 where `data` has them so; returns 0, or anything else where it
     * failed. */
    int (*program)(void *context, uint32_t address, const uint8_t *data, uint32_t bytes);

    /* Sets all bits of one sector to 1; returns 0, or anything else where it failed. */
    int (*erase)(void *context, uint32_t address);

    /*
     * Copies bytes; returns 0, or anything else where one of them can't be read, as after a program or an
     * erase that a loss of power cut short on flash with error correction. Null where reading never fails.
     */
    int (*read)(void *context, uint32_t address, uint8_t *data, uint32_t bytes);

    /*
     * Where these bytes can be read as memory, as long as nothing is written there. Where there is `read`,
     * all of them have been read by it before.
     */
    const uint8_t *(*map)(void *context, uint32_t address, uint32_t bytes);
} thimble_flash;

/* Where the two slots of a model begin, on sector boundaries, and the size of each. */
typedef struct thimble_slots {
    uint32_t address[2];
    uint32_t bytes;
} thimble_slots;

typedef enum thimble_state {
    THIMBLE_IDLE     = 0, /* the slot in service is confirmed; nothing is under way */
    THIMBLE_DOWNLOAD = 1, /* the other slot is being written */
    THIMBLE_READY    = 2, /* the other slot has passed all checks that need no execution */
    THIMBLE_TRIAL    = 3  /* the other slot runs, and is not confirmed */
} thimble_state;

typedef enum thimble_outcome {
    THIMBLE_NO_OUTCOME = 0,
    THIMBLE_INSTALLED  = 1, /* the image of `action` is confirmed */
    THIMBLE_REFUSED    = 2, /* it is not, and `reason` says why */
    THIMBLE_LOST       = 3 /* it was, or the one before; `reason` says how flash has damaged it, and the older
                              image in the other slot has taken its place */
} thimble_outcome;

/* The journal's record of one model. */
typedef struct thimble_record {
    uint8_t model;
    uint8_t state;             /* a thimble_state */
    uint8_t slot;              /* in service: 0 is A, 1 is B */
    uint8_t starts;            /* that the image on trial has left */
    uint32_t offset;           /* bytes of the image that are in the other slot for certain */
    uint32_t size;             /* of the whole image */
    uint8_t hash[32];          /* SHA-256 of the whole image; zeros where it is not known */
    uint32_t security_counter; /* the least that is accepted */
    uint32_t action;           /* whoever ordered the update calls it so */
    uint32_t tag;              /* of the file on the server: another one is another file */
    int8_t reason;             /* why the last update was refused: a thimble_status */
    uint8_t outcome;           /* of the last update: a thimble_outcome */
    uint8_t reported;          /* 1 once whoever ordered it knows the outcome */
    uint8_t held;              /* 1 while the image must not be put on trial, though it may be complete */
    uint8_t barred; /* 1: what the other slot holds was rejected, refused or taken back, and never runs */
} thimble_record;

/* How far a download has come, and its last bytes that do not fill a unit of programming yet. */
typedef struct thimble_tail {
    uint32_t position;
    uint8_t bytes[THIMBLE_PROGRAM_BYTES];
} thimble_tail;

/* Fields that the caller fills in, the RAM for `records` and `tails` among it: one of each for every model.
 */
typedef struct thimble_store {
    const thimble_device *device;
    const thimble_flash *flash;
    uint32_t journal; /* address of its two sectors */
    uint32_t model_count;
    const thimble_slots *slots;
    thimble_record *records;
    thimble_tail *tails;
    /* The core's own. */
    uint32_t generation, sector, next;
} thimble_store;

/* An image that somebody offers. */
typedef struct thimble_offer {
    uint32_t size;
    uint8_t hash[32]; /* SHA-256 of all `size` bytes; zeros where it is not known */
    uint32_t action;
    uint32_t tag;
} thimble_offer;

/*
 * Reads the journal; an erased one means that slot A of every model is in service. Writes nothing.
 * THIMBLE_ERR_ARGUMENT where the flash or the slots are not as described above.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_store_open(thimble_store *store);

/* Facts about a model; null where there is no such model. */
const thimble_record *thimble_store_record(const thimble_store *store, uint32_t model);

/*
 * Begins a download, or goes on with one of the same size, hash and tag: *offset is where, which is as far as
 * it had come, or, after a reset, the start of the sector that was being written; it is `size` where that
 * image is complete already and waits to be put on trial. Another download of the model is dropped, and
 * another image that waits too. THIMBLE_ERR_STATE while one is on trial; THIMBLE_ERR_SLOT where the image is
 * larger than the slot, and that is the outcome of the offer.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_update_begin(thimble_store *store, uint32_t model,
                                                         const thimble_offer *offer, uint32_t *offset);

/*
 * The next bytes of the image. THIMBLE_ERR_TRUNCATED, and nothing is taken, where it would become larger than
 * `size`. After THIMBLE_ERR_FLASH thimble_update_begin says where to go on.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_update_write(thimble_store *store, uint32_t model,
                                                         const uint8_t *data, uint32_t bytes);

/*
 * The image is complete: checks its hash, signature, security counter, ABI, capabilities, and that it is of
 * the model in service. THIMBLE_OK: the service puts it on trial when it next may. Otherwise it is refused,
 * and never runs. Where the state is still THIMBLE_DOWNLOAD, flash has failed, and thimble_update_begin says
 * where to go on.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_update_finish(thimble_store *store, uint32_t model);

/*
 * Forbids (1) or allows (0) that the image be put on trial, for an order to download now and to install
 * later. The next offer of another image allows it again. THIMBLE_ERR_STATE where nothing is downloaded or
 * waits.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_update_hold(thimble_store *store, uint32_t model, int held);

/* Drops a download, or an image that waits, for `reason`. THIMBLE_ERR_STATE where it is on trial, or there is
 * none. */
THIMBLE_CHECK_RESULT thimble_status thimble_update_cancel(thimble_store *store, uint32_t model,
                                                          thimble_status reason);

/* The server that ordered the last update knows its outcome. */
THIMBLE_CHECK_RESULT thimble_status thimble_update_reported(thimble_store *store, uint32_t model);

/*
 * 1 where the last update was installed, and the slot in service still holds that image, byte for byte; 0
 * where anything else is in service, or the SHA-256 of the update was not known.
 */
int thimble_update_is_in_service(const thimble_store *store, uint32_t model);

typedef struct thimble_policy {
    uint8_t trial_starts; /* how often an image on trial is started before the device goes back; at least 1 */
    uint32_t confirm_after; /* good inferences that confirm an image; 0: only thimble_service_confirm does */
} thimble_policy;

/* One model in service. The caller fills in what is in front of `model`. */
typedef struct thimble_service {
    thimble_store *store;
    uint32_t index;
    void *ram; /* aligned to 8 bytes; one model at a time is open in it */
    size_t ram_bytes;
    const thimble_options *options; /* may be null; the store's security counter is added */
    thimble_policy policy;
    /* Told of each model that has been opened, before it runs; may be null. thimble_monitor_follow is one. */
    void (*opened)(void *context, thimble_model *model);
    void *opened_context;
    /*
     * Models that never run at once may have the same RAM: `ram` and `ram_bytes` of their services are the
     * same, and so is this, the address of one pointer that is null at first and then says who has the RAM.
     * Opening one of the models closes another; thimble_service_switch opens that again, which takes what
     * opening takes, and it has forgotten what it remembered between inferences. Null: the RAM is its own.
     */
    struct thimble_service **shared;
    thimble_model *model; /* null where neither slot has a model that runs, or another has the RAM */
    uint32_t good;
    int is_parked; /* another has the RAM */
} thimble_service;

/*
 * After a reset: opens the image on trial, if it has a start left, or else the one in service. Only where
 * that is damaged, the other slot is put in service, if it holds an image that runs and was not rejected,
 * refused or taken back; then the outcome is THIMBLE_LOST. The status is the first failure on the way, that
 * of a journal which can't be written among them; `model` is null where nothing runs.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_service_start(thimble_service *service);

/*
 * Between two inferences, before inputs are written: puts an image that waits, and is not held, on trial.
 * THIMBLE_OK where there was none, or it runs; its refusal where it does not, and then the one before runs
 * again. Where no model runs, for want of RAM for instance, the one in service is tried again. Where another
 * model has the RAM, that is closed, and this one is opened again, on trial or not: no start of it counts.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_service_switch(thimble_service *service);

/*
 * One inference. An image on trial that fails is given up, and the one before is opened; inputs must be
 * written again, to where thimble_input(service->model, ...) then says. THIMBLE_ERR_FLASH: the inference went
 * well, and the journal could not take that its image is confirmed; it is tried again later.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_service_invoke(thimble_service *service);

/* The application is content with the image on trial. THIMBLE_ERR_STATE where none is, or it is not open. */
THIMBLE_CHECK_RESULT thimble_status thimble_service_confirm(thimble_service *service);

/*
 * It is not, or a watchdog was: back to the one before. THIMBLE_ERR_STATE where none is on trial. Otherwise
 * it has happened whatever the status, which is that of flash, or of the one before.
 */
THIMBLE_CHECK_RESULT thimble_status thimble_service_reject(thimble_service *service, thimble_status reason);

#ifdef __cplusplus
}
#endif

#endif
