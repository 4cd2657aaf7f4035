/*
 * thimble: runs model images on a microcontroller.
 *
 * A model image is a signed file (SPEC.md, section 1) whose body is a WebAssembly module of ABI v1.
 * The core checks it, instantiates it in wasm3 and runs it. It uses no heap but the RAM the caller
 * hands in, and no operating system: a port supplies a struct of functions (PORTING.md).
 *
 * None of the functions may be called for one model from two tasks at a time; different models may
 * be used from different tasks when each call is made under one lock (wasm3 has no state of its own
 * outside the RAM handed in, but the core remembers which RAM is in use).
 */
#ifndef THIMBLE_H
#define THIMBLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define THIMBLE_ABI_VERSION 2
#define THIMBLE_KEY_BYTES   32
#define THIMBLE_ID_BYTES    64

#if defined(__GNUC__)
#define THIMBLE_CHECK_RESULT __attribute__((warn_unused_result))
#else
#define THIMBLE_CHECK_RESULT
#endif

/* Every way a model can be refused or fail; SPEC.md, section 3, says when each is returned. */
typedef enum thimble_status {
    THIMBLE_OK             = 0,
    THIMBLE_TAKEN          = 1,   /* no error: inputs were taken, and outputs hold nothing new yet */
    THIMBLE_ERR_ARGUMENT   = -1,  /* a pointer is null, or an index is out of range */
    THIMBLE_ERR_TRUNCATED  = -2,  /* the image is longer than the memory it lies in */
    THIMBLE_ERR_MAGIC      = -3,  /* no image header where one was expected */
    THIMBLE_ERR_HEADER     = -4,  /* a size, flag or address in the header is not allowed */
    THIMBLE_ERR_TLV        = -5,  /* a malformed, duplicated, misplaced or missing TLV */
    THIMBLE_ERR_HASH       = -6,  /* the SHA-256 of header, body and protected TLVs differs */
    THIMBLE_ERR_KEY        = -7,  /* signed with a key that the device does not trust */
    THIMBLE_ERR_SIGNATURE  = -8,  /* the Ed25519 signature does not verify */
    THIMBLE_ERR_ROLLBACK   = -9,  /* the security counter is lower than the device accepts */
    THIMBLE_ERR_ABI        = -10, /* made for another module ABI */
    THIMBLE_ERR_CAPABILITY = -11, /* needs something that this device does not have */
    THIMBLE_ERR_RAM        = -12, /* needs more RAM than the caller handed in */
    THIMBLE_ERR_MODULE     = -13, /* wasm3 refuses the module, or it is outside the subset */
    THIMBLE_ERR_IMPORT     = -14, /* the module imports something */
    THIMBLE_ERR_START      = -15, /* the module has a start function */
    THIMBLE_ERR_EXPORT     = -16, /* an export of the ABI is missing, wrong, or not as the image says */
    THIMBLE_ERR_SELF_TEST  = -17, /* the module's self_test did not return 0 */
    THIMBLE_ERR_TRAP       = -18, /* invoke or self_test trapped */
    THIMBLE_ERR_STATUS     = -19, /* invoke returned something else than 0 and 1 */
    THIMBLE_ERR_CLOSED     = -20, /* the model is not open */
    THIMBLE_ERR_FLASH      = -21, /* flash could not be erased, programmed or read */
    THIMBLE_ERR_STATE      = -22, /* not while the update is in this state */
    THIMBLE_ERR_SLOT       = -23, /* the image is larger than its slot, or empty */
    THIMBLE_ERR_MODEL      = -24, /* the image is of another model than the one in service */
    THIMBLE_ERR_TRIAL      = -25, /* the image on trial used up its starts, never confirmed */
    THIMBLE_ERR_HEALTH     = -26, /* the application, or a watchdog, rejected the image on trial */
    THIMBLE_ERR_CANCELLED  = -27, /* the update was taken back */
    THIMBLE_ERR_GONE       = -28, /* the server no longer has the image */
    THIMBLE_ERR_DEPLOYMENT = -29, /* the server's order makes no sense to this device */
    THIMBLE_ERR_DESCRIPTOR = -30, /* the module's descriptor is missing, malformed or does not fit */
    THIMBLE_ERR_STACK      = -31  /* needs more native stack than the device has */
} thimble_status;

/* One line of English for a status; never null, also for values that are none. */
const char *thimble_status_text(thimble_status status);

/* Capabilities that a model may require of a device (SPEC.md, section 1.4); a set of bits. */
#define THIMBLE_CAPABILITY_BULK_MEMORY (1u << 0)
#define THIMBLE_CAPABILITY_SIGN_EXTEND (1u << 1)
#define THIMBLE_CAPABILITIES           (THIMBLE_CAPABILITY_BULK_MEMORY | THIMBLE_CAPABILITY_SIGN_EXTEND)

/* Everything outside the core. A function may be null where the comment says so. */
typedef struct thimble_port {
    void *context;

    /* A counter that goes up, for statistics: microseconds, cycles, whatever is cheap. May be null. */
    uint32_t (*ticks)(void *context);

    /* One line without a line end. May be null. */
    void (*log)(void *context, const char *line);

    /* SHA-256 of one piece of memory. */
    void (*sha256)(void *context, const uint8_t *data, size_t size, uint8_t digest[32]);

    /*
     * Ed25519 (RFC 8032) verification; returns 1 when the signature is right and 0 otherwise. The
     * core has refused S >= L and public keys of small order before it asks.
     */
    int (*ed25519_verify)(void *context, const uint8_t signature[64], const uint8_t *message, size_t size,
                          const uint8_t public_key[THIMBLE_KEY_BYTES]);
} thimble_port;

/* Keys that a device trusts and capabilities that it offers. Must outlive the models opened with it. */
typedef struct thimble_device {
    const thimble_port *port;
    const uint8_t (*keys)[THIMBLE_KEY_BYTES]; /* trusted Ed25519 public keys */
    size_t key_count;
    uint32_t capabilities; /* THIMBLE_CAPABILITIES, or less */
    /*
     * Native stack that is left below the frame that calls thimble_open or thimble_invoke, without what
     * interrupts take of it: a model that needs more is refused. 0 = THIMBLE_NATIVE_STACK_BYTES.
     */
    uint32_t stack_bytes;
    /*
     * Bytes that one of wasm3's operations keeps on the native stack, where the compiler makes no sibling
     * calls; 0 = the core finds out whether it does, and how many.
     */
    uint32_t frame_bytes;
} thimble_device;

/* Native stack of a module in wasm3: SPEC.md, section 2. A frame is that of one of wasm3's operations. */
typedef struct thimble_stack_need {
    uint16_t nesting;     /* blocks in one another, of the functions that are compiled */
    uint16_t frames;      /* the most that are open where the compiler makes sibling calls */
    uint16_t kept_frames; /* and where it makes none, so that every operation keeps its own */
} thimble_stack_need;

/* Facts that the image states about itself: valid once thimble_image_check has returned THIMBLE_OK. */
typedef struct thimble_image {
    const uint8_t *body; /* the WebAssembly module, inside the image */
    size_t body_bytes;
    uint8_t version[2]; /* major, minor */
    uint16_t revision;
    uint32_t build;
    uint32_t security_counter; /* 0 where the image has none */
    uint32_t abi;              /* THIMBLE_ABI_VERSION where the image does not say */
    uint32_t memory_bytes;     /* linear memory that the module needs; 0 where it does not say */
    uint32_t capabilities;     /* required; 0 where it does not say */
    char id[THIMBLE_ID_BYTES + 1];
    uint8_t digest[32];   /* SHA-256 of header, body and protected TLVs */
    uint32_t least_bytes; /* linear memory where constants stay in flash; 0 where it does not say */
    /* With native kernels for all of the module's own, and with none; zeros where it does not say. */
    thimble_stack_need native_stack, portable_stack;
} thimble_image;

/*
 * Checks an image in memory-mapped flash: header bounds, hash, signature, security counter, ABI,
 * capabilities, native stack; nothing is executed. `size` is the size of the slot: the image may be shorter.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_image_check(const thimble_device *device, const uint8_t *data, size_t size,
                                   uint32_t least_security_counter, thimble_image *image);

typedef struct thimble_options {
    uint32_t least_security_counter; /* images with a lower one are refused */
    int portable_only;               /* 1: bind no native kernels */
    int skip_self_test;              /* 1: do not call self_test; for benchmarks, and after a trial */
    uint32_t stack_bytes;            /* wasm3's own stack; 0 = THIMBLE_STACK_BYTES */
} thimble_options;

/*
 * wasm3's own stack, in the model's RAM. The portable kernels of this release take up to 1 380 bytes, called
 * from invoke; with native kernels 384 are enough. A module that needs more traps.
 */
#ifndef THIMBLE_STACK_BYTES
#define THIMBLE_STACK_BYTES 1408
#endif

/*
 * Native stack that a device has where `thimble_device.stack_bytes` is 0. PORTING.md, section 4, says how
 * large a task's stack has to be.
 */
#ifndef THIMBLE_NATIVE_STACK_BYTES
#define THIMBLE_NATIVE_STACK_BYTES 8192
#endif

typedef struct thimble_statistics {
    uint32_t invocations;      /* that returned THIMBLE_OK */
    uint32_t failures;         /* that did not */
    thimble_status last_error; /* THIMBLE_OK where there was none */
    uint32_t open_ticks;       /* verification, instantiation, compilation, self-test */
    uint32_t last_ticks;       /* of the last invocation */
    uint32_t most_ticks;
    uint32_t native_kernels; /* bound when the model was opened */
    uint32_t ram_bytes;      /* handed in */
    uint32_t ram_used;       /* linear memory and everything else: so much would have sufficed */
    uint32_t memory_bytes;   /* linear memory in RAM: less than the image's where constants stay in flash */
    uint32_t stack_bytes;    /* native stack that the model may take, counted from its code */
} thimble_statistics;

/* Lives at the start of the RAM handed in. */
typedef struct thimble_model thimble_model;

/*
 * Opens the image at `data` (memory-mapped, must stay there while the model is open): checks it as
 * thimble_image_check does, then RAM, then wasm3 instantiates and compiles it, native kernels are
 * bound, and self_test is called where the module has one. On any error *model is null and the RAM
 * is the caller's again. `ram` must be aligned to 8 bytes. `options` may be null.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_open(const thimble_device *device, const uint8_t *data, size_t size, void *ram,
                            size_t ram_bytes, const thimble_options *options, thimble_model **model);

/*
 * A place to write an input to or read an output from, inside the model's linear memory; null where
 * there is no such tensor. Write all inputs before every invocation: `invoke` may overwrite them.
 */
void *thimble_input(thimble_model *model, uint32_t index, size_t *bytes);
const void *thimble_output(thimble_model *model, uint32_t index, size_t *bytes);

/*
 * One inference. THIMBLE_TAKEN, which is above 0, where a module of a stream waits for more input: outputs
 * are not to be read then. After THIMBLE_ERR_TRAP or _STATUS the model stays open, and its memory and globals
 * are as they were when it was opened, so that later results do not depend on the failure.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_invoke(thimble_model *model);

/*
 * Makes a model forget: its memory and globals are as they were when it was opened, so a stream begins anew.
 * Inputs that were written are forgotten, too; statistics are not.
 */
THIMBLE_CHECK_RESULT
thimble_status thimble_reset(thimble_model *model);

/* The RAM is the caller's again. Null and closed models are allowed. */
void thimble_close(thimble_model *model);

/* Valid until the model is closed; null where it is not open. */
const thimble_image *thimble_describe(const thimble_model *model);
const thimble_statistics *thimble_stats(const thimble_model *model);

#ifdef __cplusplus
}
#endif

#endif
