#include "thimble.h"

const char *thimble_status_text(thimble_status status) {
    switch (status) {
    case THIMBLE_OK: return "no error";
    case THIMBLE_ERR_ARGUMENT: return "a pointer is null or an argument is out of range";
    case THIMBLE_ERR_TRUNCATED: return "the image is longer than the memory it lies in";
    case THIMBLE_ERR_MAGIC: return "no image header where one was expected";
    case THIMBLE_ERR_HEADER: return "the sizes or flags in the image header are not allowed";
    case THIMBLE_ERR_TLV: return "a TLV of the image is malformed, repeated, misplaced or missing";
    case THIMBLE_ERR_HASH: return "the SHA-256 of the image differs";
    case THIMBLE_ERR_KEY: return "the image is signed with a key that this device does not trust";
    case THIMBLE_ERR_SIGNATURE: return "the Ed25519 signature of the image is wrong";
    case THIMBLE_ERR_ROLLBACK: return "the security counter is lower than this device accepts";
    case THIMBLE_ERR_ABI: return "the module was made for another ABI";
    case THIMBLE_ERR_CAPABILITY: return "the image requires something that this device does not have";
    case THIMBLE_ERR_RAM: return "the model needs more RAM than it was given";
    case THIMBLE_ERR_MODULE: return "the module is malformed or outside the subset";
    case THIMBLE_ERR_IMPORT: return "the module has imports";
    case THIMBLE_ERR_START: return "the module has a start function";
    case THIMBLE_ERR_EXPORT: return "an export of the module ABI is missing or wrong";
    case THIMBLE_ERR_SELF_TEST: return "the self-test failed";
    case THIMBLE_ERR_TRAP: return "the module trapped";
    case THIMBLE_TAKEN: return "nothing new yet";
    case THIMBLE_ERR_STATUS: return "invoke returned an error";
    case THIMBLE_ERR_CLOSED: return "the model is closed";
    case THIMBLE_ERR_FLASH: return "flash could not be erased, programmed or read";
    case THIMBLE_ERR_STATE: return "not while the update is in this state";
    case THIMBLE_ERR_SLOT: return "the image is larger than its slot, or empty";
    case THIMBLE_ERR_MODEL: return "the image is of another model than the one in service";
    case THIMBLE_ERR_TRIAL: return "the image on trial was started as often as it may be and never confirmed";
    case THIMBLE_ERR_HEALTH: return "the application or a watchdog rejected the image on trial";
    case THIMBLE_ERR_CANCELLED: return "the update was cancelled";
    case THIMBLE_ERR_GONE: return "the server has the image no more";
    case THIMBLE_ERR_DEPLOYMENT: return "the server's order makes no sense to this device";
    case THIMBLE_ERR_DESCRIPTOR: return "the module's descriptor is missing, malformed or does not fit";
    case THIMBLE_ERR_STACK: return "the model needs more native stack than the device has";
    }
    return "an unknown status";
}
