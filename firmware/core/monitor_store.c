/*
 * Reports in flash: SPEC.md, section 8.4. Two halves, one in use, as the journal has its sectors. A report
 * is appended in a cell, which is never changed; when the half is full, what still counts goes to the
 * other one, whose header is written last.
 */
#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "journal.h"
#include "monitor.h"

enum {
    UNIT         = THIMBLE_PROGRAM_BYTES,
    HEADER_MAGIC = 0x6e6d6874, /* "thmn" */
    HEAD         = 16,         /* of a cell */
    KIND_RUNNING = 1,
    KIND_SEALED  = 2,
    KEPT = 2, /* cells that a change of halves leaves free: for the report under way, and the next one */
};

/* The head of a cell, as it lies in flash. */
typedef struct cell_head {
    uint32_t crc; /* of the rest of the head and of the report */
    uint8_t kind;
    uint16_t bytes;
    uint32_t acknowledged;
} cell_head;

static uint32_t cell_bytes(const thimble_monitor *monitor) {
    return (HEAD + monitor->ram_bytes + UNIT - 1) / UNIT * UNIT;
}

/* Bytes of one of the two halves, of which one is in use. */
static uint32_t half_bytes(const thimble_monitor *monitor) {
    const uint32_t sectors = monitor->sectors > 1 ? monitor->sectors : 1;
    return sectors * monitor->flash->sector_bytes;
}

static uint32_t capacity(const thimble_monitor *monitor) {
    return (half_bytes(monitor) - UNIT) / cell_bytes(monitor);
}

static uint32_t half_at(const thimble_monitor *monitor, uint32_t half) {
    return monitor->address + half * half_bytes(monitor);
}

static uint32_t cell_at(const thimble_monitor *monitor, uint32_t half, uint32_t cell) {
    return half_at(monitor, half) + UNIT + cell * cell_bytes(monitor);
}

/* ---- reading ---- */

/* The head of a cell: 1 where the cell is intact. */
static int read_cell(const thimble_monitor *monitor, uint32_t half, uint32_t cell, cell_head *head) {
    uint8_t piece[UNIT];
    uint32_t at = cell_at(monitor, half, cell);
    if (thimble_flash_read(monitor->flash, at, piece, UNIT)) return 0;
    *head =
        (cell_head){thimble_get_u32(piece), piece[4], thimble_get_u16(piece + 6), thimble_get_u32(piece + 8)};
    if (head->bytes < THIMBLE_MONITOR_HEAD || head->bytes > monitor->ram_bytes) return 0;
    uint32_t left = head->bytes + HEAD - 4, crc = 0, skip = 4;
    for (;;) {
        const uint32_t taken = left < UNIT - skip ? left : UNIT - skip;
        crc                  = thimble_crc32(crc, piece + skip, taken);
        left -= taken;
        if (left == 0) return crc == head->crc;
        skip = 0;
        at += UNIT;
        if (thimble_flash_read(monitor->flash, at, piece, UNIT)) return 0;
    }
}

static int is_erased(const thimble_monitor *monitor, uint32_t half, uint32_t cell) {
    uint8_t piece[UNIT];
    for (uint32_t at = 0; at < cell_bytes(monitor); at += UNIT) {
        if (thimble_flash_read(monitor->flash, cell_at(monitor, half, cell) + at, piece, UNIT)) return 0;
        for (uint32_t i = 0; i < UNIT; i++)
            if (piece[i] != 0xff) return 0;
    }
    return 1;
}

/* The generation of a half whose cells are as large as this monitor's; 0 where it has none. */
static uint32_t generation_of(const thimble_monitor *monitor, uint32_t half) {
    uint8_t header[UNIT];
    if (thimble_flash_read(monitor->flash, half_at(monitor, half), header, UNIT)) return 0;
    const int is_whole = thimble_get_u32(header) == HEADER_MAGIC &&
                         thimble_get_u32(header + 8) == cell_bytes(monitor) &&
                         thimble_get_u32(header + 12) == thimble_crc32(0, header, 12);
    return is_whole ? thimble_get_u32(header + 4) : 0;
}

static const uint8_t *map_report(const thimble_monitor *monitor, uint32_t cell, const cell_head *head) {
    return monitor->flash->map(monitor->flash->context, cell_at(monitor, monitor->half, cell) + HEAD,
                               head->bytes);
}

/* A cell of the half in use that holds a sealed report which waits. */
static int waits(const thimble_monitor *monitor, uint32_t cell, cell_head *head) {
    if (!read_cell(monitor, monitor->half, cell, head) || head->kind != KIND_SEALED) return 0;
    const uint8_t *report = map_report(monitor, cell, head);
    return thimble_report_bytes(report) == head->bytes &&
           thimble_get_u32(report + REPORT_INTERVAL) > monitor->acknowledged;
}

static int fits(const thimble_monitor *monitor) {
    const thimble_flash *flash = monitor->flash;
    if (flash->program == NULL || flash->erase == NULL || flash->map == NULL) return 0;
    const uint32_t unit = flash->program_bytes;
    if (unit == 0 || unit > UNIT || (unit & (unit - 1)) != 0 || flash->sector_bytes <= UNIT) return 0;
    return monitor->address % flash->sector_bytes == 0 && capacity(monitor) > KEPT;
}

thimble_status thimble_monitor_load(thimble_monitor *monitor) {
    if (!fits(monitor)) return THIMBLE_ERR_ARGUMENT;
    const uint32_t generations[2] = {generation_of(monitor, 0), generation_of(monitor, 1)};
    monitor->half                 = generations[1] > generations[0];
    monitor->generation           = generations[monitor->half];
    monitor->acknowledged         = 0;
    monitor->cell                 = capacity(monitor);
    if (monitor->generation == 0) return THIMBLE_OK;
    monitor->cell = 0;
    for (uint32_t cell = 0; cell < capacity(monitor); cell++) {
        if (is_erased(monitor, monitor->half, cell)) continue;
        monitor->cell = cell + 1;
        cell_head head;
        if (!read_cell(monitor, monitor->half, cell, &head)) continue;
        const uint8_t *report = map_report(monitor, cell, &head);
        if (thimble_report_bytes(report) != head.bytes) continue;
        const uint32_t interval = thimble_get_u32(report + REPORT_INTERVAL);
        const int is_sealed     = head.kind == KIND_SEALED;
        monitor->is_new         = 0;
        if (head.acknowledged > monitor->acknowledged) monitor->acknowledged = head.acknowledged;
        if (interval + (uint32_t)is_sealed > monitor->next) monitor->next = interval + (uint32_t)is_sealed;
        memcpy(monitor->ram, report, head.bytes);
        /* What was counted before it was sealed is in there. */
        if (is_sealed) memset(monitor->ram, 0, REPORT_HASH);
    }
    return THIMBLE_OK;
}

const uint8_t *thimble_monitor_oldest(thimble_monitor *monitor) {
    for (uint32_t cell = 0; monitor->generation != 0 && cell < monitor->cell; cell++) {
        cell_head head;
        if (waits(monitor, cell, &head)) return map_report(monitor, cell, &head);
    }
    return NULL;
}

static uint32_t count_waiting(const thimble_monitor *monitor) {
    uint32_t count = 0;
    cell_head head;
    for (uint32_t cell = 0; monitor->generation != 0 && cell < monitor->cell; cell++)
        count += (uint32_t)waits(monitor, cell, &head);
    return count;
}

int thimble_monitor_may_seal(const thimble_monitor *monitor) {
    if (monitor->flash == NULL) return thimble_report_bytes(monitor->spare) == 0;
    return count_waiting(monitor) + KEPT < capacity(monitor);
}

/* ---- writing ---- */

/* Programs bytes of a cell, or of a header, unit by unit, and reads each back. */
static thimble_status program(const thimble_monitor *monitor, uint32_t at, const uint8_t piece[UNIT]) {
    const thimble_flash *flash = monitor->flash;
    uint8_t found[UNIT];
    if (flash->program(flash->context, at, piece, UNIT) || thimble_flash_read(flash, at, found, UNIT) ||
        memcmp(found, piece, UNIT) != 0)
        return THIMBLE_ERR_FLASH;
    return THIMBLE_OK;
}

static thimble_status write_cell(const thimble_monitor *monitor, uint32_t at, int is_sealed) {
    const uint8_t *report = monitor->ram;
    const uint32_t bytes  = thimble_report_bytes(report);
    uint8_t piece[UNIT]   = {0};
    piece[4]              = is_sealed ? KIND_SEALED : KIND_RUNNING;
    thimble_put_u16(piece + 6, (uint16_t)bytes);
    thimble_put_u32(piece + 8, monitor->acknowledged);
    thimble_put_u32(piece, thimble_crc32(thimble_crc32(0, piece + 4, HEAD - 4), report, bytes));
    memcpy(piece + HEAD, report, UNIT - HEAD);
    for (uint32_t done = UNIT - HEAD;; done += UNIT, at += UNIT) {
        const thimble_status status = program(monitor, at, piece);
        if (status != THIMBLE_OK || done >= bytes) return status;
        const uint32_t left = bytes - done;
        memset(piece, 0xff, UNIT);
        memcpy(piece, report + done, left < UNIT ? left : UNIT);
    }
}

static thimble_status copy_cell(const thimble_monitor *monitor, uint32_t from, uint32_t to) {
    for (uint32_t at = 0; at < cell_bytes(monitor); at += UNIT) {
        uint8_t piece[UNIT];
        if (thimble_flash_read(monitor->flash, from + at, piece, UNIT)) return THIMBLE_ERR_FLASH;
        const thimble_status status = program(monitor, to + at, piece);
        if (status != THIMBLE_OK) return status;
    }
    return THIMBLE_OK;
}

/* Copies what waits to the other half: the oldest ones are left behind where there is no room for all. */
static thimble_status copy_waiting(const thimble_monitor *monitor, uint32_t half, uint32_t *count) {
    const uint32_t waiting = count_waiting(monitor), most = capacity(monitor) - KEPT;
    uint32_t skipped = waiting > most ? waiting - most : 0;
    cell_head head;
    for (uint32_t cell = 0; monitor->generation != 0 && cell < monitor->cell; cell++) {
        if (!waits(monitor, cell, &head)) continue;
        if (skipped > 0) {
            skipped--;
            continue;
        }
        const thimble_status status =
            copy_cell(monitor, cell_at(monitor, monitor->half, cell), cell_at(monitor, half, (*count)++));
        if (status != THIMBLE_OK) return status;
    }
    return THIMBLE_OK;
}

/* The other half, with what waits and the report in RAM. */
static thimble_status change_half(thimble_monitor *monitor, int is_sealed) {
    const thimble_flash *flash = monitor->flash;
    const uint32_t half        = monitor->generation == 0 ? 0 : 1 - monitor->half;
    uint32_t count             = 0;
    for (uint32_t at = 0; at < half_bytes(monitor); at += flash->sector_bytes)
        if (flash->erase(flash->context, half_at(monitor, half) + at)) return THIMBLE_ERR_FLASH;
    thimble_status status = copy_waiting(monitor, half, &count);
    if (status == THIMBLE_OK) status = write_cell(monitor, cell_at(monitor, half, count++), is_sealed);
    if (status != THIMBLE_OK) return status;
    uint8_t header[UNIT];
    memset(header, 0xff, UNIT);
    thimble_put_u32(header, HEADER_MAGIC);
    thimble_put_u32(header + 4, monitor->generation + 1);
    thimble_put_u32(header + 8, cell_bytes(monitor));
    thimble_put_u32(header + 12, thimble_crc32(0, header, 12));
    status = program(monitor, half_at(monitor, half), header);
    if (status != THIMBLE_OK) return status;
    monitor->generation++;
    monitor->half = half;
    monitor->cell = count;
    return THIMBLE_OK;
}

thimble_status thimble_monitor_put(thimble_monitor *monitor, int is_sealed) {
    thimble_status status = THIMBLE_ERR_FLASH;
    if (monitor->cell < capacity(monitor))
        status = write_cell(monitor, cell_at(monitor, monitor->half, monitor->cell++), is_sealed);
    return status == THIMBLE_OK ? status : change_half(monitor, is_sealed);
}
