/**
 * Where everything lies in flash: the one place for these numbers. Firmware has none of them but
 * TABLE_OFFSET: it finds partitions by type and subtype (firmware/SPEC.md, section 4).
 */
import { ImageError } from "./error.ts";
import type { Partition } from "./partition_table.ts";

export const SECTOR_BYTES = 0x1000;
export const TABLE_OFFSET = 0x8000;
/** The first offset that a partition may have. */
export const FIRST_OFFSET = TABLE_OFFSET + SECTOR_BYTES;
/** Flash that 24-bit commands reach; QEMU's flash bank is no larger. */
export const MAX_FLASH_BYTES = 32 * 1024 * 1024;

/** ESP-IDF leaves types 0x40 to 0xFE to applications. */
const MODEL_TYPE = 0x40;
const JOURNAL_SUBTYPE = 0x10;
const MODELS_PER_TYPE = JOURNAL_SUBTYPE / 2;
export const MAX_MODELS = 32;

/** Two sectors: one is written while the other still holds what was true before. */
const JOURNAL = {
  label: "journal",
  type: MODEL_TYPE,
  subtype: JOURNAL_SUBTYPE,
  offset: 0xd000,
  size: 0x2000,
};
const FIRST_SLOT = 0x10000;
/** Flash is mapped into memory by pages of this size. */
export const SLOT_ALIGNMENT = 0x10000;
/** Holds a module of the default greatest size, with header and TLVs, and leaves room to grow. */
export const SLOT_BYTES = 0x20000;

export type Slot = "a" | "b";
type PartitionKey = Pick<Partition, "type" | "subtype">;

export const journalKey: PartitionKey = { type: JOURNAL.type, subtype: JOURNAL.subtype };

/** Type and subtype of a model's slot: eight models to a type. */
export function slotKey(model: number, slot: Slot): PartitionKey {
  return {
    type: MODEL_TYPE + Math.floor(model / MODELS_PER_TYPE),
    subtype: 2 * (model % MODELS_PER_TYPE) + (slot === "a" ? 0 : 1),
  };
}

const espIdf: readonly Partition[] = [
  { label: "nvs", type: 0x01, subtype: 0x02, offset: 0x9000, size: 0x4000, flags: 0 },
  { label: "phy_init", type: 0x01, subtype: 0x01, offset: 0xf000, size: 0x1000, flags: 0 },
  { label: "factory", type: 0x00, subtype: 0x00, offset: 0x10000, size: 0x100000, flags: 0 },
];

/** The flash of a kind of board: its size, and what of it is the firmware's. */
export interface FlashLayout {
  readonly flashBytes: number;
  /** The chip's name for esptool; none where there is nothing to flash. */
  readonly chip?: string;
  /** Partitions of the firmware itself. */
  readonly firmware: readonly Partition[];
}

/** 4 MiB with ESP-IDF's default partitions, which every module that Espressif sells has at least. */
export const espIdfFlash = (chip: string): FlashLayout => ({
  flashBytes: 4 * 1024 * 1024,
  chip,
  firmware: espIdf,
});

/** The whole second flash bank of QEMU's machine `virt`, which wants a file of exactly its size. */
export const QEMU_FLASH: FlashLayout = { flashBytes: MAX_FLASH_BYTES, firmware: [] };

/** Partitions for `models` models: the firmware's own, the journal, and two slots for each model. */
export function defaultTable(layout: FlashLayout, models: number, slotBytes = SLOT_BYTES): Partition[] {
  if (models < 1 || models > MAX_MODELS) {
    throw new ImageError("ARGUMENT", `expected 1 to ${MAX_MODELS} models, found ${models}`);
  }
  const fixed = [...layout.firmware, { ...JOURNAL, flags: 0 }].sort((a, b) => a.offset - b.offset);
  const first = Math.max(FIRST_SLOT, ...fixed.map(({ offset, size }) => offset + size));
  const slots = Array.from({ length: 2 * models }, (_, i) => {
    const model = Math.floor(i / 2);
    const slot: Slot = i % 2 === 0 ? "a" : "b";
    const offset = first + i * slotBytes;
    return { label: `model_${model}_${slot}`, ...slotKey(model, slot), offset, size: slotBytes, flags: 0 };
  });
  return [...fixed, ...slots];
}
