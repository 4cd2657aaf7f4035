/** Whole flash images, the pieces of them that have to be written, and how to read them back. */
import { ImageError } from "./error.ts";
import {
  journalKey,
  MAX_FLASH_BYTES,
  MAX_MODELS,
  SECTOR_BYTES,
  type Slot,
  slotKey,
  TABLE_OFFSET,
} from "./layout.ts";
import { decodeTable, encodeTable, type Partition } from "./partition_table.ts";

const ERASED = 0xff;

/** A run of bytes at an offset of flash, in whole sectors. */
export interface Piece {
  readonly label: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const describeKey = ({ type, subtype }: { type: number; subtype: number }): string =>
  `type 0x${type.toString(16)}, subtype 0x${subtype.toString(16)}`;

type PartitionKey = Pick<Partition, "type" | "subtype">;

/** The first partition of that type and subtype. */
export const findPartition = (table: readonly Partition[], key: PartitionKey): Partition | undefined =>
  table.find(({ type, subtype }) => type === key.type && subtype === key.subtype);

function requirePartition(table: readonly Partition[], key: PartitionKey, what: string): Partition {
  const found = findPartition(table, key);
  if (found) return found;
  throw new ImageError(
    "ARGUMENT",
    `partition table: expected a partition for ${what} (${describeKey(key)}), found none`,
  );
}

/** An image in its slot, padded to `bytes` as erased flash. */
function padded(image: Uint8Array, bytes: number): Uint8Array {
  const result = new Uint8Array(bytes).fill(ERASED);
  result.set(image);
  return result;
}

const wholeSectors = (bytes: number): number => Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;

/** The partition of a model's slot, where the image fits in it. Throws ImageError. */
export function slotFor(
  table: readonly Partition[],
  model: number,
  slot: Slot,
  image: Uint8Array,
  where: string,
): Partition {
  const partition = requirePartition(table, slotKey(model, slot), `model ${model}, slot ${slot}`);
  if (image.length <= partition.size) return partition;
  throw new ImageError(
    "ARGUMENT",
    `${where}: expected at most ${partition.size} bytes, as partition ${partition.label} has (--slot-size), found ${image.length}`,
  );
}

/** The sectors that put an image into a slot. */
export const slotPiece = ({ label, offset }: Partition, image: Uint8Array): Piece => ({
  label,
  offset,
  bytes: padded(image, wholeSectors(image.length)),
});

/**
 * The contents of flash with which a device starts with these images, the i-th in slot A of model i, and
 * nothing is left of what was there: the table, an erased journal, the images, and of every other slot the
 * first sector, erased. The firmware's own partitions are not touched.
 */
export function flashPieces(
  table: readonly Partition[],
  images: readonly { readonly file: string; readonly bytes: Uint8Array }[],
): Piece[] {
  const journal = requirePartition(table, journalKey, "the journal");
  const slots = images.map(({ file, bytes }, model) =>
    slotPiece(slotFor(table, model, "a", bytes, file), bytes),
  );
  const used = new Set(slots.map(({ offset }) => offset));
  const others = slotsOf(table).filter(({ partition }) => !used.has(partition.offset));
  const pieces: Piece[] = [
    { label: "partition table", offset: TABLE_OFFSET, bytes: padded(encodeTable(table), SECTOR_BYTES) },
    { label: journal.label, offset: journal.offset, bytes: padded(new Uint8Array(), journal.size) },
    ...slots,
    ...others.map(({ partition }) => slotPiece(partition, new Uint8Array([ERASED]))),
  ];
  return pieces.sort((a, b) => a.offset - b.offset);
}

/** The size of flash that holds a table: the board's, or the next power of two above. */
export function flashBytesFor(table: readonly Partition[], boardBytes: number): number {
  const end = Math.max(...table.map(({ offset, size }) => offset + size));
  const bytes = Math.max(boardBytes, 2 ** Math.ceil(Math.log2(end)));
  if (bytes <= MAX_FLASH_BYTES) return bytes;
  throw new ImageError(
    "ARGUMENT",
    `partition table: expected to end within ${MAX_FLASH_BYTES} bytes of flash, found ${end}`,
  );
}

/** All of flash with the pieces in their places and everything else erased. */
export function composeFlash(pieces: readonly Piece[], flashBytes: number): Uint8Array {
  const flash = new Uint8Array(flashBytes).fill(ERASED);
  for (const { offset, bytes } of pieces) flash.set(bytes, offset);
  return flash;
}

export interface FlashSlot {
  readonly model: number;
  readonly slot: Slot;
  readonly partition: Partition;
}

/** The slots that a table has, by model; a gap in the models' numbers ends them. */
export function slotsOf(table: readonly Partition[]): FlashSlot[] {
  const models = Array.from({ length: MAX_MODELS }, (_, model) => model);
  const last = models.findIndex((model) => !findPartition(table, slotKey(model, "a")));
  return models.slice(0, last < 0 ? MAX_MODELS : last).flatMap((model) =>
    (["a", "b"] as const).flatMap((slot) => {
      const partition = findPartition(table, slotKey(model, slot));
      return partition ? [{ model, slot, partition }] : [];
    }),
  );
}

/** A flash image as a device sees it: its table and what lies in each slot. Throws ImageError. */
export function readFlash(flash: Uint8Array): {
  readonly table: Partition[];
  readonly slots: (FlashSlot & { readonly bytes: Uint8Array })[];
} {
  const table = decodeTable(flash.subarray(TABLE_OFFSET, TABLE_OFFSET + SECTOR_BYTES));
  const slots = slotsOf(table).map((slot) => {
    const { offset, size, label } = slot.partition;
    if (offset + size > flash.length) {
      throw new ImageError(
        "ARGUMENT",
        `partition ${label}: expected to end within ${flash.length} bytes of flash, found ${offset + size}`,
      );
    }
    return { ...slot, bytes: flash.subarray(offset, offset + size) };
  });
  return { table, slots };
}
