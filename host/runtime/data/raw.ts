/** Bare float32 values, little-endian, row after row. */
import { DataError, type Dataset, type MayMiss, noneMissing, readRows } from "./dataset.ts";

/**
 * Rows of `expectedElements` float32 values. `name` stands for the file in messages.
 * @throws DataError unless the bytes are a whole number of rows of finite values (or NaN where that may be missing), at least one
 */
export function parseRaw(
  bytes: Uint8Array,
  expectedElements: number,
  name = "raw",
  mayMiss: MayMiss = noneMissing,
): Dataset {
  const rowBytes = expectedElements * Float32Array.BYTES_PER_ELEMENT;
  if (bytes.length % rowBytes !== 0) {
    const expected = `whole rows of ${rowBytes} bytes (${expectedElements} little-endian float32)`;
    throw new DataError(`${name}: expected ${expected}, found ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (i: number): number => view.getFloat32(4 * i, true);
  return { rows: readRows(name, bytes.length / rowBytes, expectedElements, read, mayMiss) };
}
